// What a card makes of a described frame (NetOffload), for tests above the driver: the frames on
// the wire.
#pragma once
#include <string>
#include <vector>

#include "inc/net.hh"

namespace fake {

std::vector<std::string> finish(const std::string& frame, const NetOffload& offload);

}  // namespace fake
