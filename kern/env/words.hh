// Waiting on words of memory that programs share. Who waits is known by the word's physical
// address, so that environments that map the page at different addresses meet.
#pragma once
#include <cstdint>

#include "kern/memory/frames.hh"

class Environment;
class WaitQueue;

// The queue for those who wait on `word`, and on others: the waking functions below tell them
// apart by Environment::word.
WaitQueue& word_queue(PhysAddr word);

// Wakes up to `count` of those who wait on `word`; returns how many.
uint32_t wake_word_waiters(PhysAddr word, uint32_t count);

// Wakes who waits on a word of the page: one reference to the page has gone.
void wake_page_waiters(PhysAddr page);

// Wakes everybody: an environment has ended.
void wake_all_word_waiters();
