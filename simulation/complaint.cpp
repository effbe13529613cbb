// What a machine refuses to play, and why.
#include <algorithm>

#include "language.hpp"
#include "simulation/machine.hpp"

namespace simulation {

using dialtone::tr;

std::string complaint(const Workload& workload, const Options& options) {
  const auto cores = options.cores;
  if (cores < 1 || cores > 64)
    return tr("cores: ", "核数：") + std::to_string(cores) +
           tr(" is not from 1 to 64", " 不在 1 到 64 之间");
  if (options.switch_cost < 0 || options.switch_cost > last_tick)
    return tr("the cost of a switch is below 0 or beyond 2^31 ticks",
              "切换的代价小于 0 或超过 2^31 刻");
  if (options.steal && !options.queue_per_core)
    return tr(
        "stealing needs a queue for each core: with one shared queue there is nothing to steal",
        "偷取要求每个核有自己的队列：共用一个队列就没有可偷的");
  const std::uint64_t all =
      cores == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << static_cast<unsigned>(cores)) - 1;
  Time total = 0;
  Time latest = 0;
  for (std::size_t i = 0; i < workload.jobs.size(); ++i) {
    const Job& job = workload.jobs[i];
    const auto where = [&](const std::string& field) {
      return "jobs[" + std::to_string(i) + "]." + field + ": ";
    };
    if (job.arrival < 0 || job.arrival > last_tick)
      return where("arrival") + std::to_string(job.arrival) +
             tr(" is not from 0 to 2^31 - 1", " 不在 0 到 2^31 - 1 之间");
    if (job.weight < 1 || job.weight > 1'000'000)
      return where("weight") + std::to_string(job.weight) +
             tr(" is not from 1 to 1000000", " 不在 1 到 1000000 之间");
    if (job.memory < 0)
      return where("memory") + std::to_string(job.memory) + tr(" is negative", " 是负数");
    if ((job.cores & all) == 0)
      return where("cores") + tr("none of them is on this machine", "这台机器上一个也没有");
    if (job.bursts == 0) return where("bursts") + tr("there are none", "一个也没有");
    latest = std::max(latest, job.arrival);
    for (std::uint32_t b = 0; b < job.bursts; ++b) {
      const Burst& burst = workload.bursts[job.first_burst + b];
      const std::string path = "bursts[" + std::to_string(b) + "]";
      if (burst.length < 1 || burst.length > last_tick)
        return where(path) + std::to_string(burst.length) +
               tr(" ticks is not from 1 to 2^31 - 1", " 刻，不在 1 到 2^31 - 1 之间");
      if (burst.device != Burst::cpu &&
          (burst.device < 0 || static_cast<std::size_t>(burst.device) >= options.devices.size()))
        return where(path) + tr("there is no device ", "没有设备 ") + std::to_string(burst.device);
      total += burst.length;
      if (total + latest > last_tick)
        return where(path) + tr("the work adds up to more than 2^31 ticks: make it smaller",
                                "工作总量超过 2^31 刻：请缩小");
    }
  }
  return {};
}

}  // namespace simulation
