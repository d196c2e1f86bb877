"""Products of rows with stored weights on the shapes of SmolLM2-135M and Qwen2.5-0.5B, beside the peaks of this machine.

script/bench kernels [THREADS [ROUNDS]]: without THREADS the peaks for one and all threads, the products with all. `busy` for THREADS: one
thread by processor time, for a machine with other work. HX_PEER_PYTHON with torch adds its F32 product of the same shapes.
"""
import json
import os
import subprocess
import sys

FORMS = {"exact": "f32", "int8": "int8", "stored": "memory"}


def records(program, *arguments):
    out = subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def print_peaks(all_peaks):
    print("| threads | F32 multiply-adds, GFLOP/s | int8 multiply-adds, GOP/s | reading memory, GB/s |")
    print("|--:|--:|--:|--:|")
    for threads, peaks in sorted(all_peaks.items()):
        print(f"| {threads} | {peaks['f32']:.0f} | {peaks['int8']:.0f} | {peaks['memory']:.1f} |")


def share(record, peaks):
    """Percent of the peak that bounds the work: arithmetic, or memory where reading the weights once takes longer."""
    peak = peaks["int8"] if record["form"] == "int8" else peaks["f32"]
    compute = record["rate"] / peak if peak else 0.0
    memory = record["bytes"] / record["seconds"] / 1e9 / peaks["memory"]
    return (compute, "arithmetic") if compute >= memory else (memory, "memory")


def print_products(rows, peaks):
    print("| model | product | K x N | form | rows | microseconds | G operations/s | GB/s of weights | of the peak |")
    print("|---|---|--:|---|--:|--:|--:|--:|--:|")
    for r in rows:
        part, bound = share(r, peaks)
        print(f"| {r['model']} | {r['product']} | {r['k']} x {r['n']} | {r['form']} | {r['m']} | {r['seconds'] * 1e6:.1f} | "
              f"{r['rate']:.0f} | {r['bytes'] / r['seconds'] / 1e9:.1f} | {100 * part:.0f} % of {bound} |")


TORCH = """
import json, sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
for name, k, n in json.loads(sys.argv[2]):
    for m in (32, 256, 2048):
        x, w = torch.randn(m, k), torch.randn(n, k)
        best = 1e9
        with torch.inference_mode():
            for _ in range(12):
                start = time.perf_counter()
                torch.nn.functional.linear(x, w)
                best = min(best, time.perf_counter() - start)
        print(f"| torch {torch.__version__} | {name} | {k} x {n} | F32 | {m} | {best * 1e6:.1f} | {2e-9 * m * k * n / best:.0f} | | |")
"""


def print_torch(rows, threads):
    peer = os.environ.get("HX_PEER_PYTHON")
    if not peer:
        return
    shapes = sorted({(f"{r['model']} {r['product']}", r["k"], r["n"]) for r in rows})
    subprocess.run([peer, "-c", TORCH, str(threads), json.dumps(shapes)], check=False)


def main():
    build = os.environ.get("HX_BUILD_DIR", "build/release")
    subprocess.run(["ninja", "-C", build, "bench_kernels"], check=True, stdout=sys.stderr)
    program = os.path.join(build, "bench", "bench_kernels")
    busy = sys.argv[1:2] == ["busy"]
    clock = ["--clock", "process"] if busy else []
    threads = 1 if busy else int(sys.argv[1]) if len(sys.argv) > 1 else len(os.sched_getaffinity(0))
    rounds = sys.argv[2] if len(sys.argv) > 2 else "7"
    peaks = {}
    for n in sorted({1, threads}):
        peaks[n] = {r["peak"]: r["rate"] for r in records(program, n, rounds, "--model", "none", *clock)}
    print_peaks(peaks)
    print()
    found = records(program, threads, rounds, *clock)
    rows = [r for r in found if "product" in r]
    print_products(rows, peaks[threads])
    print_torch(rows, threads)
    print()
    for r in found:
        if "pack" in r:
            print(f"int8 form of all layers of {r['model']}: {r['weights'] / 1e6:.0f} million weights in {r['pack'] * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
