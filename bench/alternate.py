"""Running programs in turns and comparing them: what all benchmarks share.

Machines are noisy, so contestants alternate and medians are compared; the peak memory is the largest resident set of the process
(resource usage of the child). Nothing here is specific to one benchmark.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def build(*targets):
    """Builds targets of the release build and gives the build folder."""
    folder = os.path.join(ROOT, os.environ.get("HX_BUILD_DIR", "build/release"))
    subprocess.run(["ninja", "-C", folder, *targets], check=True, stdout=sys.stderr)
    return folder


def peer_python():
    return os.environ.get("HX_PEER_PYTHON", "python3")


def peer_has(module):
    probe = [peer_python(), "-c", f"import {module}"]
    return subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def shared_data():
    return os.environ.get("HX_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))


def bench_dir():
    folder = os.environ.get("HX_BENCH_DIR", os.path.join(tempfile.gettempdir(), "huaxiang-bench"))
    os.makedirs(folder, exist_ok=True)
    return folder


def run(command):
    """Wall seconds and peak megabytes of one run, which has to succeed."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode != 0:
        sys.exit(f"{command[0]}: exit status {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def alternate(contestants, rounds):
    """Runs {name: command} in turns; prints a table and gives {name: median seconds}. The first one is ours."""
    seconds = {name: [] for name in contestants}
    memory = {name: 0 for name in contestants}
    for number in range(rounds):
        for name, command in contestants.items():
            took, peak = run(command)
            seconds[name].append(took)
            memory[name] = max(memory[name], peak)
            print(f"round {number + 1}: {name}: {took:.2f} s, {peak:.0f} MB", file=sys.stderr, flush=True)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ours = medians[next(iter(contestants))]
    print(f"{'':20} {'median s':>9} {'min':>7} {'max':>7} {'peak MB':>8} {'x ours':>7}")
    for name, values in seconds.items():
        print(f"{name:20} {medians[name]:9.2f} {min(values):7.2f} {max(values):7.2f} {memory[name]:8.0f} "
              f"{medians[name] / ours:7.2f}")
    return medians


class Worker:
    """A program that answers each line "run"."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("a worker ended without an answer")
        return json.loads(line)

    def run(self):
        self.process.stdin.write("run\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.write("quit\n")
        self.process.stdin.flush()
        return self.read()["peak_mb"]
