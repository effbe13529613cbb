// A switch that forgets one register, and a sum that lives in it.
#pragma once

#include <cstdint>

#include "context_switch.hpp"

#ifndef CONTEXT_SWITCH_PORTABLE
namespace switch_demo {

/// Two contexts that hand each other the core and each add up, `rounds` times, a step of its own:
/// the first one 1, the other 1000. Returns what the first one has at the end, which should be
/// `rounds`. The sum lives in rbx.
std::int64_t sum_over_whole_switches(std::int64_t rounds);

/// The same upon a switch that keeps all callee-saved registers but rbx.
std::int64_t sum_over_switches_without_rbx(std::int64_t rounds);

}  // namespace switch_demo
#endif
