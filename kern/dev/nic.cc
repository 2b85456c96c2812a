#include "kern/dev/nic.hh"

namespace {

constinit Nic* the_card = nullptr;

}  // namespace

Nic* nic_card() { return the_card; }

bool nic_register(Nic& nic)
{
    if (the_card != nullptr) {
        return false;
    }
    the_card = &nic;
    return true;
}
