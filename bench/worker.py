"""What the peers' workers share: the task is the first argument (JSON), lines on standard input are answered by lines of JSON."""
import json
import resource
import sys
import time


def lines(path):
    """Token ids, one list a line."""
    with open(path, encoding="ascii") as file:
        return [json.loads(line) for line in file]


def serve(works):
    """Prepares works[task["work"]], says "ready" and runs it once for each line "run"; "save" runs and writes the rows as float32."""
    task = json.loads(sys.argv[1])
    run = works[task["work"]](task)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        command = line.split()
        if command == ["quit"]:
            break
        start, spent = time.monotonic(), time.process_time()
        result = run()
        result["cpu"] = time.process_time() - spent
        result.setdefault("seconds", time.monotonic() - start)
        rows = result.pop("rows", None)
        if command[0] == "save":
            import numpy
            numpy.asarray(rows, numpy.float32).tofile(command[1])
        print(json.dumps(result), flush=True)
    print(json.dumps({"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}), flush=True)
