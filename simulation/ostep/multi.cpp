// ostep:multi: many CPUs with caches that warm up, one queue or one a CPU.
//
// A tick is: at a multiple of the quantum every CPU gives its job back (the quantum is global, not
// each job's own); at a multiple of the peek interval CPUs with an empty queue steal; idle CPUs
// take the first job of their queue that may run there; each running job advances by 1, or by the
// warm rate when its working set was in that cache before the tick. A job is warm after so many
// ticks on a CPU; the cache keeps the latest working sets that fit, and what falls out starts to
// warm anew.
//
// Stealing is as published, right or wrong: a job that is bound to some CPUs is not asked where it
// may run, but whether its length or its working set happens to equal the thief's number.
#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Request {
  std::int64_t seed = 0;
  std::int64_t jobs = 3;
  std::int64_t longest = 100;
  std::int64_t largest = 200;
  std::string job_list;
  bool queue_per_cpu = false;
  std::string affinity;
  std::int64_t cpus = 2;
  std::int64_t quantum = 10;
  std::int64_t peek = 30;
  std::int64_t warmup = 10;
  std::int64_t warm_rate = 2;
  std::int64_t cache_size = 100;
  bool shuffled = false;
  bool printed = false;  ///< What the tracing options set: the figures are the same.
};

struct Job {
  std::string name;
  std::int64_t length = 0;
  std::int64_t working_set = 0;
  std::int64_t left = 0;
  std::vector<std::size_t> bound_to;  ///< Sorted; empty: runs anywhere.

  bool may_run_on(std::size_t cpu) const {
    return bound_to.empty() || std::binary_search(bound_to.begin(), bound_to.end(), cpu);
  }
};

using Jobs = std::vector<Job>;

Jobs drawn_jobs(const Request& request, dialtone::PythonRandom& random) {
  Jobs jobs;
  const auto draw = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random.random() * static_cast<double>(most) / 10.0) * 10;
  };
  for (std::int64_t i = 0; i < request.jobs; ++i) {
    const std::int64_t length = draw(request.longest);
    jobs.push_back({std::to_string(i), length, draw(request.largest), length, {}});
  }
  return jobs;
}

tl::expected<Jobs, Message> listed_jobs(const std::string& list) {
  Jobs jobs;
  for (const std::string_view part : split(list, ',')) {
    const std::vector<std::string_view> fields = split(part, ':');
    const auto length = fields.size() == 3 ? parse_whole(fields[1]) : std::nullopt;
    const auto working_set = fields.size() == 3 ? parse_whole(fields[2]) : std::nullopt;
    if (!length || !working_set)
      return bad_value("-L", part, "a job is name:length:working set; separate several by commas",
                       "作业的写法为 名称:长度:工作集；多个之间用逗号分隔");
    if (*length < 0 || *working_set < 0 || *length > largest_number ||
        *working_set > largest_number)
      return bad_value("-L", part, "length and working set are from 0 to 2147483648",
                       "长度和工作集为 0 到 2147483648");
    jobs.push_back({std::string(fields[0]), *length, *working_set, *length, {}});
  }
  if (static_cast<std::int64_t>(jobs.size()) > most_jobs) return too_long();
  return jobs;
}

/// "a:0.1,b:1": job a runs on CPUs 0 and 1, b on 1, all others anywhere.
tl::expected<void, Message> bind_to_cpus(Jobs& jobs, const Request& request) {
  std::map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < jobs.size(); ++i)
    if (!by_name.insert({jobs[i].name, i}).second)
      return bad_value("-L", jobs[i].name, "two jobs have this name", "两个作业同名");
  if (request.affinity.empty()) return {};
  for (const std::string_view part : split(request.affinity, ',')) {
    const std::vector<std::string_view> fields = split(part, ':');
    const auto found = by_name.find(fields[0]);
    if (fields.size() != 2)
      return bad_value("-A", part, "write job:cpu.cpu, separated by commas",
                       "写法为 作业:CPU.CPU，用逗号分隔");
    if (found == by_name.end())
      return bad_value("-A", part, "there is no such job", "没有这个作业");
    for (const std::string_view number : split(fields[1], '.')) {
      const auto cpu = parse_whole(number);
      if (!cpu || *cpu < 0 || *cpu >= request.cpus)
        return bad_value("-A", part,
                         "CPUs are numbered from 0 to " + std::to_string(request.cpus - 1),
                         "CPU 编号为 0 到 " + std::to_string(request.cpus - 1));
      jobs[found->second].bound_to.push_back(static_cast<std::size_t>(*cpu));
    }
  }
  for (Job& job : jobs) std::sort(job.bound_to.begin(), job.bound_to.end());
  return {};
}

/// Whose working sets one CPU's cache holds.
class Cache {
 public:
  Cache(const Jobs& jobs, const Request& request)
      : jobs_(jobs), size_(request.cache_size), warmup_(request.warmup) {}

  bool is_warm(std::size_t job) const {
    const auto found = ticks_to_warm_.find(job);
    return found != ticks_to_warm_.end() && !found->second;
  }

  /// A job comes onto the CPU.
  void enter(std::size_t job) {
    if (ticks_to_warm_.contains(job)) return;
    if (warmup_ == 0)
      keep(job);
    else
      ticks_to_warm_[job] = warmup_;
  }

  /// A job has run for a tick.
  void ran(std::size_t job) {
    std::optional<std::int64_t>& ticks = ticks_to_warm_[job];
    if (ticks && --*ticks <= 0) keep(job);
  }

 private:
  void keep(std::size_t job) {
    ticks_to_warm_[job] = std::nullopt;
    warm_.push_front(job);
    held_ += jobs_[job].working_set;
    while (held_ > size_) {  // a working set that is too large for the cache falls out itself
      const std::size_t gone = warm_.back();
      warm_.pop_back();
      held_ -= jobs_[gone].working_set;
      ticks_to_warm_[gone] = warmup_;
    }
  }

  const Jobs& jobs_;
  std::int64_t size_;
  std::int64_t warmup_;
  std::int64_t held_ = 0;
  std::deque<std::size_t> warm_;  ///< The latest first.
  /// By job that was here: nothing when it is warm.
  std::unordered_map<std::size_t, std::optional<std::int64_t>> ticks_to_warm_;
};

struct Cpu {
  Cache cache;
  std::optional<std::size_t> job;
  std::int64_t ran = 0;
  std::int64_t ran_warm = 0;
};

using Queue = std::deque<std::size_t>;

/// What a CPU's tick costs, in the steps of a budget.
constexpr std::int64_t steps_per_cpu = 4;

class Player {
 public:
  Player(const Request& request, Jobs jobs, dialtone::PythonRandom& random)
      : request_(request),
        jobs_(std::move(jobs)),
        random_(random),
        cpus_(static_cast<std::size_t>(request.cpus), Cpu{Cache(jobs_, request), {}, 0, 0}),
        queues_(request.queue_per_cpu ? cpus_.size() : 1) {}

  Played play() {
    if (!fill_queues()) return too_long();
    for (; finished_ < jobs_.size(); ++now_) {
      if (!budget_.spend(request_.cpus * steps_per_cpu)) return too_long();
      if (now_ > 0 && now_ % request_.quantum == 0) give_back();
      if (auto stolen = steal(); !stolen) return tl::unexpected(stolen.error());
      if (!assign()) return too_long();
      bool idle = true;
      for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) {
        if (!cpus_[cpu].job) continue;
        idle = false;
        if (!run(cpu)) return too_many_records();
      }
      if (idle && !steals())
        return refuse("a job is in a queue whose CPU it may not use, and never ends",
                      "有作业排在不允许它运行的 CPU 的队列中，永远不会结束");
    }
    return outcome();
  }

 private:
  Queue& queue_of(std::size_t cpu) { return queues_[queues_.size() == 1 ? 0 : cpu]; }
  bool steals() const { return request_.queue_per_cpu && request_.peek > 0; }

  /// Deals the jobs out, CPU by CPU; false when that takes too long.
  bool fill_queues() {
    Queue undealt;
    for (std::size_t job = 0; job < jobs_.size(); ++job) undealt.push_back(job);
    if (!request_.queue_per_cpu) {
      queues_[0] = std::move(undealt);
      return true;
    }
    while (!undealt.empty()) {
      for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) {
        const std::optional<std::size_t> job = take_first(undealt, cpu);
        if (job) queues_[cpu].push_back(*job);
        if (!budget_.spend()) return false;
      }
    }
    return true;
  }

  /// Takes the first job of the queue that may run on the CPU.
  std::optional<std::size_t> take_first(Queue& queue, std::size_t cpu) {
    for (std::size_t i = 0; i < queue.size(); ++i) {
      if (!budget_.spend()) return std::nullopt;
      const std::size_t job = queue[i];
      if (!jobs_[job].may_run_on(cpu)) continue;
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
      return job;
    }
    return std::nullopt;
  }

  void give_back() {
    for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) {
      if (cpus_[cpu].job) queue_of(cpu).push_back(*cpus_[cpu].job);
      cpus_[cpu].job.reset();
    }
  }

  tl::expected<void, Message> steal() {
    if (!steals() || now_ == 0 || now_ % request_.peek != 0) return {};
    for (std::size_t thief = 0; thief < cpus_.size(); ++thief) {
      if (!queues_[thief].empty()) continue;
      if (cpus_.size() == 1)
        return refuse("a single CPU has no other to steal from; turn stealing off with -P 0",
                      "只有一个 CPU，无处窃取作业；请用 -P 0 关闭窃取");
      std::size_t victim = random_.below(static_cast<std::uint32_t>(cpus_.size() - 1));
      if (victim >= thief) ++victim;
      Queue& queue = queues_[victim];
      const auto found = std::find_if(queue.begin(), queue.end(), [&](std::size_t index) {
        const auto number = static_cast<std::int64_t>(thief);
        const Job& job = jobs_[index];
        budget_.spend();
        return job.bound_to.empty() || job.length == number || job.working_set == number;
      });
      if (found == queue.end()) continue;
      queues_[thief].push_back(*found);
      queue.erase(found);
    }
    return {};
  }

  /// Idle CPUs take a job; false when that takes too long.
  bool assign() {
    std::vector<std::size_t> order;
    for (std::size_t cpu = 0; cpu < cpus_.size(); ++cpu) order.push_back(cpu);
    if (request_.shuffled) random_.shuffle(order);
    for (const std::size_t cpu : order) {
      if (cpus_[cpu].job) continue;
      cpus_[cpu].job = take_first(queue_of(cpu), cpu);
      if (cpus_[cpu].job) cpus_[cpu].cache.enter(*cpus_[cpu].job);
    }
    return budget_.spend(0);
  }

  /// A tick of a CPU's job; false when there are too many slices.
  bool run(std::size_t number) {
    Cpu& cpu = cpus_[number];
    const std::size_t index = *cpu.job;
    const std::int64_t rate = cpu.cache.is_warm(index) ? request_.warm_rate : 1;
    ++cpu.ran;
    if (rate > 1) ++cpu.ran_warm;
    jobs_[index].left -= rate;
    cpu.cache.ran(index);
    if (jobs_[index].left <= 0) {
      cpu.job.reset();
      ++finished_;
    }
    return trace_.add(number, index, static_cast<double>(now_), static_cast<double>(now_ + 1));
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.slices = trace_.take();
    for (const Job& job : jobs_) outcome.job_names.push_back(job.name);
    const auto total = static_cast<double>(now_);
    for (const Cpu& cpu : cpus_)
      outcome.cpus.push_back({100.0 * static_cast<double>(cpu.ran) / total,
                              100.0 * static_cast<double>(cpu.ran_warm) / total});
    outcome.total_time = now_;
    return outcome;
  }

  const Request& request_;
  Jobs jobs_;
  dialtone::PythonRandom& random_;
  std::vector<Cpu> cpus_;
  std::vector<Queue> queues_;
  Budget budget_;
  Trace trace_;
  std::int64_t now_ = 0;
  std::size_t finished_ = 0;
};

std::vector<Option> options_for(Request& request) {
  constexpr std::int64_t most_cpus = 1000;
  return {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
          {'j', "job_num", &request.jobs, 1, most_jobs},
          {'R', "max_run", &request.longest, 0},
          {'W', "max_wset", &request.largest, 0},
          {'L', "job_list", &request.job_list},
          {'p', "per_cpu_queues", &request.queue_per_cpu},
          {'A', "affinity", &request.affinity},
          {'n', "num_cpus", &request.cpus, 1, most_cpus},
          {'q', "quantum", &request.quantum, 1},
          {'P', "peek_interval", &request.peek},
          {'w', "warmup_time", &request.warmup},
          {'r', "warm_rate", &request.warm_rate, 0},
          {'M', "cache_size", &request.cache_size, 0},
          {'o', "rand_order", &request.shuffled},
          {'t', "trace", &request.printed},
          {'T', "trace_time_left", &request.printed},
          {'C', "trace_cache", &request.printed},
          {'S', "trace_sched", &request.printed},
          {'c', "compute", &request.printed}};
}

}  // namespace

Played play_multi(const Words& words) {
  Request request;
  if (auto read = read_options(options_for(request), words); !read)
    return tl::unexpected(read.error());
  dialtone::PythonRandom random(request.seed);
  auto jobs = request.job_list.empty() ? tl::expected<Jobs, Message>(drawn_jobs(request, random))
                                       : listed_jobs(request.job_list);
  if (!jobs) return tl::unexpected(jobs.error());
  if (auto bound = bind_to_cpus(*jobs, request); !bound) return tl::unexpected(bound.error());
  return Player(request, std::move(*jobs), random).play();
}

}  // namespace simulation::ostep
