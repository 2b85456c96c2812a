// Options that the emulator hands to the kernel when it boots, without a new build: QEMU's
// `-fw_cfg name=opt/jos/NAME,string=VALUE`, which tools/run adds. Other machines have none.
#pragma once
#include <span>
#include <string_view>

// The option's value, put into `buffer`; empty if there is none. One that is too long is cut.
std::string_view boot_option(std::string_view name, std::span<char> buffer);
