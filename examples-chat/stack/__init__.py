"""The whole chat on one machine: Redis, four servers, two proxies.

hosts.py     where a program runs: on loopback, or in a network namespace
programs.py  what must be installed
service.py   a process: its log, and whether it is ready
probes.py    the questions that tell whether a process is ready
layout.py    the addresses of all
stack.py     the services, in the order in which they start
visit.py     a client that says something and sees it
"""
