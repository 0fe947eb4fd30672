"""The twin of timer.ts: median milliseconds of a call."""
import statistics
import time

import torch

WARM_UP, SAMPLE_MS = 3, 20


class Timer:
    def __init__(self, device, budget):
        self.cuda, self.budget = device == "cuda", budget

    def sample(self, run, calls):
        """Milliseconds of some calls."""
        if not self.cuda:
            started = time.perf_counter()
            for _ in range(calls):
                run()
            return (time.perf_counter() - started) * 1e3
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(calls):
            run()
        end.record()
        end.synchronize()
        return start.elapsed_time(end)

    def milliseconds(self, run):
        self.sample(run, WARM_UP)
        calls, took = 1, self.sample(run, 1)
        while took < SAMPLE_MS and calls < 1000:
            calls = min(1000, int(-(-calls * min(10, 1.2 * SAMPLE_MS / max(took, 1e-3)) // 1)))
            took = self.sample(run, calls)
        samples, end = [], time.perf_counter() + self.budget / 1e3
        while time.perf_counter() < end or len(samples) < 3:
            samples.append(self.sample(run, calls) / calls)
        return statistics.median(samples)
