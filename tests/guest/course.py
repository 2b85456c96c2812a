"""What the programs of the course's earlier labs print when they are the first program of a boot.

A student knows these lines, and the ids in them: with no server before it the first environment
is 00001000, its child 00001001."""
import collections
import re
from dataclasses import dataclass
from typing import Callable, List, Tuple

ALONE = "INIT_CFLAGS=-DTEST_NO_FS -DTEST_NO_NS"
WITH_FILES = "INIT_CFLAGS=-DTEST_NO_NS"

# Where a run ends.
NOTHING_LEFT = (r"Destroyed the only environment - nothing more to do!",
                r"No runnable environments in the system!", r"Welcome to the JOS kernel monitor!")
GONE = (r"\[00001000\] free env 00001000", *NOTHING_LEFT)
EXITED = (r"\[00001000\] exiting gracefully", *GONE)


@dataclass
class Values:
    """What one pattern finds all over the console, and whether that is right."""
    pattern: str
    are_right: Callable[[List[str]], bool]


@dataclass
class CourseProgram:
    name: str
    lines: Tuple[str, ...]              # regular expressions for lines' beginnings, in this order
    variables: Tuple[str, ...] = (ALONE,)
    never: Tuple[str, ...] = ()         # that no line may begin with
    values: Tuple[Values, ...] = ()
    label: str = ""                     # in reports, where it is not the name


INCOMING = r"Incoming TRAP frame at 0xefffffbc"


def trap(name, *more):
    return (r"TRAP frame at 0xf[0-9a-f]{7} from CPU 0", r"  edi  0x[0-9a-f]{8}",
            rf"  trap 0x[0-9a-f]{{8}} {name}", *more, r"  eip  0x008[0-9a-f]{5}",
            r"  ss   0x----0023")


def page_fault(address, error):
    return (INCOMING, rf"\[00001000\] user fault va {address} ip 008[0-9a-f]{{5}}",
            *trap("Page Fault", rf"  err  0x0000000{error}"), *GONE)


def bad_pointer(address):
    return (rf"\[00001000\] user_mem_check assertion failure for va {address}", *GONE)


def primes_below(limit):
    return [n for n in range(2, limit) if all(n % d for d in range(2, int(n ** 0.5) + 1))]


BOOT = (
    r".*6828 decimal is 15254 octal!",  # the firmware leaves its line open
    r"Physical memory: 127 MiB",
    r"check_page_alloc\(\) succeeded!", r"check_page\(\) succeeded!",
    r"check_kern_pgdir\(\) succeeded!", r"check_page_installed_pgdir\(\) succeeded!",
    r"\[00000000\] new env 00001000",
)
FILE_SERVER = (r"FS is running", r"FS can do I/O", r"block cache is good", r"superblock is good",
               r"bitmap is good")
FILE_SERVER_TEST = tuple(f"{what} is good" for what in (
    "alloc_block", "file_open", "file_get_block", "file_flush", "file_truncate", "file rewrite"))
NODES = sorted(["", *"01", "00", "01", "10", "11",
                "000", "001", "010", "011", "100", "101", "110", "111"])

PROGRAMS = (
    CourseProgram("hello", (*BOOT, r"hello, world", r"i am environment 00001000", *EXITED)),
    CourseProgram("divzero", (INCOMING, *trap("Divide error"), *GONE)),
    CourseProgram("softint", (INCOMING, *trap("General Protection"), *GONE)),
    CourseProgram("badsegment",
                  (INCOMING, *trap("General Protection", r"  err  0x00000028"), *GONE)),
    CourseProgram("breakpoint",
                  (INCOMING, r"Welcome to the JOS kernel monitor!", *trap("Breakpoint")),
                  never=(r"\[00001000\] free env",)),
    CourseProgram("faultread", page_fault("00000000", r"4 \[user, read, not-present\]")),
    CourseProgram("faultreadkernel", page_fault("f0100000", r"5 \[user, read, protection\]")),
    CourseProgram("faultwrite", page_fault("00000000", r"6 \[user, write, not-present\]")),
    CourseProgram("faultwritekernel", page_fault("f0100000", r"7 \[user, write, protection\]")),
    CourseProgram("testbss", (r"Making sure bss works right\.\.\.",
                              r"Yes, good\.  Now doing a wild write off the end\.\.\.",
                              *page_fault("00c[0-9a-f]{5}", r"6 \[user, write, not-present\]"))),
    CourseProgram("buggyhello", bad_pointer("00000001")),
    CourseProgram("buggyhello2", bad_pointer("00[0-9a-f]{3}000"), never=(r"hello, world",)),
    CourseProgram("evilhello", bad_pointer("f0100[0-9a-f]{3}")),
    CourseProgram("dumbfork", (r"\[00000000\] new env 00001000", r"\[00001000\] new env 00001001",
                               r"0: I am the parent\.", r"9: I am the parent\.",
                               r"\[00001000\] exiting gracefully",
                               r"\[00001000\] free env 00001000", r"19: I am the child\.",
                               r"\[00001001\] exiting gracefully",
                               r"\[00001001\] free env 00001001", *NOTHING_LEFT),
                  never=(r"10: I am the parent", r"20: I am the child"),
                  values=(Values(r"^(\d+): I am the child\.$",
                                 lambda seen: seen == [str(n) for n in range(20)]),)),
    CourseProgram("faultdie", (r"i faulted at va deadbeef, err 6", *EXITED)),
    CourseProgram("faultregs", (r"Registers in UTrapframe OK", r"Registers after page-fault OK",
                                *EXITED), never=(r"Registers .* MISMATCH",)),
    CourseProgram("faultalloc", (r"fault deadbeef", r"this string was faulted in at deadbeef",
                                 r"fault cafebffe", r"fault cafec000",
                                 r"this string was faulted in at cafebffe", *EXITED)),
    CourseProgram("faultallocbad", bad_pointer("deadbeef")),
    CourseProgram("faultnostack", bad_pointer("eebfff[0-9a-f]{2}")),
    CourseProgram("faultbadhandler", bad_pointer("eebfe[0-9a-f]{3}")),     # below its stack
    CourseProgram("faultevilhandler", bad_pointer("f0100020")),
    CourseProgram("forktree", (r"1000: I am ''", r"[0-9a-f]{4}: I am '111'", *NOTHING_LEFT),
                  values=(Values(r"^[0-9a-f]{4}: I am '([01]*)'$",
                                 lambda seen: sorted(seen) == NODES),
                          Values(r"^\[[0-9a-f]{8}\] free env (\S+)$",
                                 lambda seen: len(set(seen)) == len(seen) == 15))),
    CourseProgram("spin", (r"I am the parent\.  Forking the child\.\.\.",
                           r"I am the parent\.  Running the child\.\.\.",
                           r"I am the child\.  Spinning\.\.\.",
                           r"I am the parent\.  Killing the child\.\.\.",
                           r"\[00001000\] destroying 00001001",
                           r"\[00001000\] free env 00001001", *EXITED)),
    CourseProgram("stresssched", (r"\[000010[0-9a-f]{2}\] stresssched on CPU", *NOTHING_LEFT),
                  (ALONE, "CPUS=4"), never=(r".*ran on two CPUs at once",),
                  values=(Values(r"stresssched on CPU (\d)",
                                 lambda seen: set(seen) == set("0123")),)),
    CourseProgram("sendpage", (r"1001 got message: hello child environment! how are you\?",
                               r"child received correct message",
                               r"1000 got message: hello parent environment! I'm good",
                               r"parent received correct message", *NOTHING_LEFT),
                  (ALONE, "CPUS=2")),
    CourseProgram("pingpong", (r"send 0 from 1000 to 1001", r"1001 got 0 from 1000",
                               r"1000 got 1 from 1001", r"1001 got 2 from 1000",
                               r"1000 got 3 from 1001", r"1001 got 8 from 1000",
                               r"1000 got 9 from 1001", r"1001 got 10 from 1000",
                               *NOTHING_LEFT), (ALONE, "CPUS=4")),
    CourseProgram("primes", (r"CPU \d: 2 \[00001001\] new env 00001002", r"CPU \d: 3 ",
                             r"CPU \d: 1877 "), (ALONE, "CPUS=4"),
                  values=(Values(r"CPU \d: (\d+) ", lambda seen: [int(n) for n in seen][:288]
                                 == primes_below(1878)),)),

    CourseProgram("hello", (*FILE_SERVER, *FILE_SERVER_TEST),
                  (WITH_FILES, "FS_CFLAGS=-DFS_SELF_TEST"), label="file_server_self_test"),
    CourseProgram("testfile", (*FILE_SERVER, *(f"{what} is good" for what in (
        "serve_open", "file_stat", "file_read", "file_close", "stale fileid", "file_write",
        "file_read after file_write", "open", "large file"))), (WITH_FILES,)),
    CourseProgram("spawnhello", (r"i am parent environment 00001001", r"hello, world",
                                 r"i am environment 00001002",
                                 r"\[00001002\] free env 00001002"), (WITH_FILES,)),
    CourseProgram("spawnfaultio", (r"i am parent environment 00001001",
                                   *trap("General Protection"),
                                   r"\[00001002\] free env 00001002"), (WITH_FILES,),
                  never=(r".*made it here",)),
    CourseProgram("testpteshare", (r"fork handles PTE_SHARE right",
                                   r"spawn handles PTE_SHARE right"), (WITH_FILES,)),
    CourseProgram("testfdsharing", (r"read in child succeeded", r"read in parent succeeded"),
                  (WITH_FILES,)),
    # icode's last line comes when the scheduler lets it: init runs beside it.
    CourseProgram("icode", (r"icode: read /motd", r"This is /motd, the message of the day\.",
                            r"icode: spawn /init", r"init: running",
                            r"init: data seems okay", r"init: bss seems okay",
                            r"init: args: 'init' 'initarg1' 'initarg2'", r"init: running sh",
                            r"\$ "), (WITH_FILES,),
                  values=(Values(r"^(?:\$ )?(icode: exiting)$", lambda seen: len(seen) == 1),)),
    CourseProgram("testshell", (r"shell ran correctly",), (WITH_FILES,)),
    CourseProgram("primespipe", (r"2$", r"3$", r"997$", r"\[00001001\] free env 00001001"),
                  (WITH_FILES,),
                  values=(Values(r"^(\d+)$", lambda seen: [int(n) for n in seen]
                                 == primes_below(1000)),)),
)


def begins(line):
    return re.compile("^" + line, re.MULTILINE)


def faults_of(program, text):
    """What the console lacks, or has too much of: a sentence each."""
    position = 0
    for line in program.lines:
        found = begins(line).search(text, position)
        if not found:
            order = " after the one before it" if begins(line).search(text) else ""
            yield f"no line begins like `{line}`{order}"
            break
        position = found.end()
    for line in program.never:
        if begins(line).search(text):
            yield f"a line begins like `{line}`"
    for value in program.values:
        seen = re.findall(value.pattern, text, re.MULTILINE)
        if not value.are_right(seen):
            shown = collections.Counter(seen).most_common(20)
            yield f"what `{value.pattern}` finds is not right: {shown}"
