// Prints a text and all that lies behind it, up to where no page is.
#include "lib/lib.hh"

static const char* volatile hello = "hello, world\n";

void umain(int, char**)
{
    sys_cputs(hello, 1024 * 1024);
}
