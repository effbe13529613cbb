#!/usr/bin/env python3
"""Round robin as one would write it in Python, with a line for each slice: the bench's peer.

usage: round_robin.py JOBS LENGTH QUANTUM      (the lines go to standard output)
"""
import collections
import sys


def main():
    jobs, length, quantum = (int(word) for word in sys.argv[1:4])
    queue = collections.deque([number, length, -1] for number in range(jobs))
    now, slices, response, turnaround = 0, 0, 0.0, 0.0
    while queue:
        job = queue.popleft()
        if job[2] < 0:
            job[2] = now
            response += now
        turn = min(quantum, job[1])
        job[1] -= turn
        slices += 1
        if job[1] > 0:
            print("  [ time %3d ] job %3d runs for %.2f" % (now, job[0], turn))
            queue.append(job)
        else:
            print("  [ time %3d ] job %3d runs for %.2f and ends" % (now, job[0], turn))
            turnaround += now + turn
        now += turn
    print("mean response %.2f, mean turnaround %.2f" % (response / jobs, turnaround / jobs))


main()
