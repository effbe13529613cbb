// Earliest eligible virtual deadline first.
//
// A process of weight w that has had t ticks has virtual time t / w. The average of all who
// compete, weighted, is the virtual time of a machine that would serve them all at once, each by
// its weight; a process that is not ahead of it is eligible. Its lag, w times its distance to the
// average, is what it is still owed in ticks, and lies within one request either way (Stoica and
// others, A Proportional Share Resource Allocation Algorithm for Real-Time, Time-Shared Systems,
// 1996).
#include <algorithm>

#include "language.hpp"
#include "simulation/policies/deadline_tree.hpp"
#include "simulation/policies/policies.hpp"
#include "simulation/policies/virtual_time.hpp"

namespace simulation {
namespace {

using Pcb = ProcessControlBlock;
__extension__ using Wide = __int128;  // weight times virtual time, summed over all processes

class Eevdf final : public Policy {
 public:
  explicit Eevdf(Time slice) : slice_(slice) {}

  void enqueue(Pcb& process, Ready why, Time) override {
    if (why == Ready::arrived) process.virtual_time = 0;
    if (why == Ready::arrived || why == Ready::woke || why == Ready::moved) join(process);
    if (why == Ready::expired) request(process);
    ready_.insert(process);
  }

  Turn pick(Time) override {
    Pcb* process = next();
    if (process == nullptr) return {};
    ready_.erase(*process);
    // What is left of its request, rounded up to whole ticks.
    const std::int64_t left = process->deadline - process->virtual_time;
    return {process, std::max<Time>(1, (left * process->weight + virtual_tick - 1) / virtual_tick)};
  }

  void charge(Pcb& process, Time ticks, Time) override {
    const std::int64_t had = virtual_ticks(ticks, process.weight);
    process.virtual_time += had;
    weighted_sum_ += Wide{had} * process.weight;
  }

  /// While a process is away, `virtual_time` holds how far it was behind the average, within a
  /// request.
  void gone(Pcb& process, Gone, Time) override {
    const std::int64_t behind = average() - process.virtual_time;
    weight_ -= process.weight;
    weighted_sum_ -= Wide{process.virtual_time} * process.weight;
    if (weight_ == 0) last_average_ = process.virtual_time + behind;
    const std::int64_t most = virtual_ticks(slice_, process.weight);
    process.virtual_time = std::clamp(behind, -most, most);
  }

  std::size_t ready() const override { return ready_.size(); }
  bool preemptive() const override { return true; }
  const Pcb* best(Time) const override { return next(); }
  bool outranks(const Pcb& one, const Pcb& other) const override {
    return one.deadline < other.deadline;
  }
  std::string standing(const Pcb& process) const override {
    return dialtone::tr("virtual deadline ", "虚拟截止期 ") + in_thousandths(process.deadline) +
           dialtone::tr(", lag ", "，滞后 ") +
           in_thousandths((average() - process.virtual_time) * process.weight) +
           dialtone::tr(" ticks", " 刻");
  }

 private:
  std::int64_t average() const {
    return weight_ == 0 ? last_average_ : static_cast<std::int64_t>(weighted_sum_ / weight_);
  }

  /// Of the eligible the earliest deadline. The one that is least ahead where all who are ready are
  /// ahead of the average, as can be when the one behind it runs on another core.
  Pcb* next() const {
    if (ready_.size() == 0) return nullptr;
    Pcb* process =
        ready_.earliest([&](std::int64_t v) { return Wide{v} * weight_ <= weighted_sum_; });
    return process != nullptr ? process : ready_.first();
  }

  /// It comes with the lag that it went with. Its coming moves the average, which the place that it
  /// is put in makes good.
  void join(Pcb& process) {
    const std::int64_t behind = process.virtual_time;
    const std::int64_t before = average();
    const Wide apart = weight_ == 0 ? Wide{0} : Wide{behind} * (weight_ + process.weight) / weight_;
    process.virtual_time = before - static_cast<std::int64_t>(apart);
    weight_ += process.weight;
    weighted_sum_ += Wide{process.virtual_time} * process.weight;
    request(process);
  }

  void request(Pcb& process) const {
    process.deadline = process.virtual_time + virtual_ticks(slice_, process.weight);
  }

  Time slice_;
  DeadlineTree ready_;
  Wide weighted_sum_ = 0;    ///< of the virtual times of all who are ready or run
  std::int64_t weight_ = 0;  ///< of the same
  std::int64_t last_average_ = 0;
};

}  // namespace

std::unique_ptr<Policy> make_eevdf(Time slice) {
  return std::make_unique<Eevdf>(slice);
}

}  // namespace simulation
