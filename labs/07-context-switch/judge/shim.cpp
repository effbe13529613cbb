// Carries lab 07's code for the judge: the bare switch, stacks, scripts of threads, and threads
// that are interrupted.
#include "shim.hpp"

#include "context_switch.hpp"
#include "shim_contexts.hpp"
#include "shim_script.hpp"
#include "shim_turns.hpp"
#include "shim_whole.hpp"

namespace {

/// The number of the signal that ends a turn.
shim07::Answer signal_number(shim07::Message&) {
  return shim07::value(int{context_switch::turn_over_signal});
}

}  // namespace

int main() {
  return dialtone::run_shim({{"rounds", shim07::play_rounds},
                             {"begin", shim07::begin_one},
                             {"travel", shim07::travel},
                             {"commute", shim07::commute},
                             {"mask", shim07::switch_with_a_mask},
                             {"stack", shim07::make_stack},
                             {"empty stack", shim07::empty_stack},
                             {"guards", shim07::guarded_addresses},
                             {"use stack", shim07::use_stack},
                             {"change stack", shim07::change_stack},
                             {"many stacks", shim07::many_stacks},
                             {"script", shim07::play_script},
                             {"spin", shim07::spin_in_turns},
                             {"sections", shim07::guard_sections},
                             {"traffic", shim07::send_numbers},
                             {"end", shim07::end_a_process},
                             {"runs", shim07::many_runs},
                             {"outside a run", shim07::outside_a_run},
                             {"empty sections", shim07::empty_sections},
                             {"signal", signal_number}});
}
