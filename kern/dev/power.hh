// Switching the machine off, or starting it again. Both return at once where the hardware takes its
// time, and for good where it cannot do it.
#pragma once

void power_off();
void power_reset();
