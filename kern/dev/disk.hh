// What the kernel does for the IDE disk, which the file server drives (fs/ide_disk.hh): hands it
// the interrupt, and finds and switches on the controller's bus master.
#pragma once
#include "inc/result.hh"

class PciFunction;
class WaitQueue;

void disk_init();                       // the interrupt
bool disk_take_interrupt();             // whether one came since the last call
WaitQueue& disk_interrupt_queue();

// The PCI driver of IDE controllers. not_supported: it has no bus master, or its first channel is
// not where the PC has it.
Result<void> disk_attach_controller(const PciFunction& function);

// The I/O port of the bus master's registers for the first channel; no_device: there is none.
Result<uint16_t> disk_bus_master();

// Stops a transfer under way: the memory that it reads or writes is about to be given away.
void disk_stop_transfer();
