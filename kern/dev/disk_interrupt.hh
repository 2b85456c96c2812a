// The IDE disk's interrupt, which the kernel hands to the file server; everything else about the
// disk is in fs/.
#pragma once
class WaitQueue;

void disk_interrupt_init();
bool disk_interrupt_take();             // whether one came since the last call
WaitQueue& disk_interrupt_queue();
