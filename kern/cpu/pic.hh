// The two 8259A interrupt controllers of a PC. Intel 8259A data sheet.
#pragma once

namespace pic {

void init();                            // lines 0 to 15 become traps 32 to 47, all masked
void unmask(unsigned line);
void end_of_interrupt(unsigned line);

// False for the spurious interrupt that a line leaves which drops before it is acknowledged.
bool is_real(unsigned line);

}   // namespace pic
