// The core's own way to the card, for what need not wait: frames cost no message and no switch to
// another environment and back. Output, which may wait for the card, is the way for a full transmit
// ring; input is that for a server that does not watch the card.
#pragma once

// Allocates the receive buffers and has the kernel end the core's waits when frames are there.
// Where there is no card it is not called, and the others do nothing.
void card_access_start();

// Hands frames that the card has to lwIP, as many as a turn takes: not many, if they are answered.
void card_receive();

// Hands the frames in the output queue to the card, as many as its ring takes at once. Whether
// that were all: what is left is for output.
bool card_transmit();
