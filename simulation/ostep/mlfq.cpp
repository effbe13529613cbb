// ostep:mlfq: a multilevel feedback queue with I/O and boosts, one tick at a time.
//
// A tick is: boost; arrivals and ends of I/O, in the order in which they were put down; the head of
// the highest queue runs. After its tick a job first may be finished, then may start I/O, then may
// have used up its quantum. A job that is preempted keeps its place at the head and its ticks. A
// boost appends the lowest queue first to the highest, and resets every job's quantum and
// allotment. An allotment is a number of quanta; one that starts at 0 or below is never used up. A
// job's end of quantum counts although -S has just reset it, as in the published tool.
#include <algorithm>
#include <deque>
#include <map>

#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Request {
  std::int64_t seed = 0;
  std::int64_t levels = 3;
  std::int64_t quantum = 10;
  std::int64_t allotment = 1;
  std::string quanta;
  std::string allotments;
  std::int64_t jobs = 3;
  std::int64_t longest = 100;
  std::int64_t rarest_io = 10;
  std::int64_t boost = 0;
  std::int64_t io_time = 5;
  bool stay = false;
  bool bump = false;
  std::string job_list;
  bool compute = false;
};

/// Level 0 is the lowest.
struct Level {
  std::int64_t quantum = 0;
  std::int64_t allotment = 0;
  std::deque<std::size_t> queue;
};

struct Job {
  Job(std::int64_t start_time, std::int64_t run_time, std::int64_t between_io)
      : start(start_time), length(run_time), io_every(between_io), left(run_time) {}

  std::int64_t start;
  std::int64_t length;
  std::int64_t io_every;  ///< Ticks of CPU between I/Os; none at 0 or below.
  std::int64_t left;
  std::size_t level = 0;
  std::int64_t ticks_left = 0;
  std::int64_t allotment_left = 0;
  std::int64_t boosts_seen = 0;
  std::optional<std::int64_t> first_run;
  std::int64_t end = 0;
};

/// Whole numbers in a list that starts with the highest level, put down from the lowest on.
tl::expected<std::vector<std::int64_t>, Message> per_level(std::string_view option,
                                                           const std::string& list) {
  std::vector<std::int64_t> values;
  for (const std::string_view part : split(list, ',')) {
    const std::optional<std::int64_t> value = parse_whole(part);
    if (!value || *value > largest_number || *value < -largest_number)
      return bad_value(option, part, "give one whole number a level, separated by commas",
                       "每级给一个整数，用逗号分隔");
    values.push_back(*value);
  }
  std::reverse(values.begin(), values.end());
  return values;
}

tl::expected<std::vector<Level>, Message> levels_of(const Request& request) {
  std::vector<Level> levels(static_cast<std::size_t>(request.levels));
  for (Level& level : levels) level = {request.quantum, request.allotment, {}};
  if (!request.quanta.empty()) {
    const auto quanta = per_level("-Q", request.quanta);
    if (!quanta) return tl::unexpected(quanta.error());
    levels.assign(quanta->size(), {});
    for (std::size_t i = 0; i < levels.size(); ++i)
      levels[i] = {(*quanta)[i], request.allotment, {}};
  }
  if (!request.allotments.empty()) {
    const auto allotments = per_level("-A", request.allotments);
    if (!allotments) return tl::unexpected(allotments.error());
    if (allotments->size() != levels.size())
      return bad_value(
          "-A", request.allotments,
          "there must be one for each of the " + std::to_string(levels.size()) + " levels",
          "应与级数 " + std::to_string(levels.size()) + " 一致");
    for (std::size_t i = 0; i < levels.size(); ++i) {
      levels[i].allotment = (*allotments)[i];
      if (i > 0 && levels[i].allotment <= 0)
        return bad_value("-A", request.allotments, "must be at least 1 but for the lowest level",
                         "除最低级外至少为 1");
    }
  }
  for (const Level& level : levels)
    if (level.quantum < 1)
      return bad_value("-Q", request.quanta, "a quantum must be at least 1", "时间片至少为 1");
  return levels;
}

tl::expected<std::vector<Job>, Message> listed_jobs(const std::string& list) {
  std::vector<Job> jobs;
  std::int64_t total = 0;
  for (const std::string_view part : split(list, ':')) {
    const std::vector<std::string_view> fields = split(part, ',');
    std::vector<std::int64_t> values;
    for (const std::string_view field : fields)
      if (const auto value = parse_whole(field)) values.push_back(*value);
    if (fields.size() != 3 || values.size() != 3)
      return bad_value("-l", part, "a job is start,length,ticks between I/Os; separate jobs by ':'",
                       "作业的写法为 开始,长度,两次 I/O 之间的时间；作业之间用“:”分隔");
    if (values[0] < 0 || values[1] < 1)
      return bad_value("-l", part, "a job starts at 0 or later and runs for at least 1 tick",
                       "作业的开始时间不小于 0，长度至少为 1");
    if (values[0] > largest_number || values[1] > largest_number - total)
      return bad_value("-l", part, "more than 2147483648 ticks", "超过 2147483648 个时间单位");
    total += values[1];
    jobs.emplace_back(values[0], values[1], values[2]);
  }
  if (static_cast<std::int64_t>(jobs.size()) > most_jobs) return too_long();
  return jobs;
}

std::vector<Job> drawn_jobs(const Request& request) {
  std::vector<Job> jobs;
  dialtone::PythonRandom random(request.seed);
  const auto draw = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random.random() * static_cast<double>(most - 1) + 1);
  };
  for (std::int64_t i = 0; i < request.jobs; ++i) {
    const std::int64_t length = draw(request.longest);
    jobs.emplace_back(0, length, draw(request.rarest_io));
  }
  return jobs;
}

class Player {
 public:
  Player(const Request& request, std::vector<Level> levels, std::vector<Job> jobs)
      : request_(request), levels_(std::move(levels)), jobs_(std::move(jobs)) {
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      enter(jobs_[i], levels_.size() - 1);
      coming_[jobs_[i].start].push_back({i, false});
    }
  }

  Played play() {
    Budget budget;
    while (finished_ < jobs_.size()) {
      if (!budget.spend()) return too_long();
      if (request_.boost > 0 && now_ > 0 && now_ % request_.boost == 0) boost();
      take_coming();
      const std::optional<std::size_t> level = highest_busy(budget);
      if (!level) {
        ++now_;
        continue;
      }
      if (!run(*level)) return too_many_records();
    }
    return outcome();
  }

 private:
  struct Coming {
    std::size_t job;
    bool after_io;
  };

  void enter(Job& job, std::size_t level) {
    job.level = level;
    job.ticks_left = levels_[level].quantum;
    job.allotment_left = levels_[level].allotment;
  }

  void boost() {
    ++boosts_;  // what it does to each job is done when the job is next looked at
    for (std::size_t i = 0; i + 1 < levels_.size(); ++i) {
      std::deque<std::size_t>& queue = levels_[i].queue;
      levels_.back().queue.insert(levels_.back().queue.end(), queue.begin(), queue.end());
      queue.clear();
    }
  }

  Job& looked_at(std::size_t index) {
    Job& job = jobs_[index];
    if (job.boosts_seen != boosts_) enter(job, levels_.size() - 1);
    job.boosts_seen = boosts_;
    return job;
  }

  void take_coming() {
    const auto found = coming_.find(now_);
    if (found == coming_.end()) return;
    for (const Coming& coming : found->second) {
      std::deque<std::size_t>& queue = levels_[looked_at(coming.job).level].queue;
      if (coming.after_io && request_.bump)
        queue.push_front(coming.job);
      else
        queue.push_back(coming.job);
    }
    coming_.erase(found);
  }

  std::optional<std::size_t> highest_busy(Budget& budget) const {
    for (std::size_t i = levels_.size(); i-- > 0;) {
      if (!levels_[i].queue.empty()) return i;
      budget.spend();
    }
    return std::nullopt;
  }

  /// One tick of the head of a level; false when there are too many slices.
  bool run(std::size_t level) {
    std::deque<std::size_t>& queue = levels_[level].queue;
    const std::size_t index = queue.front();
    Job& job = looked_at(index);
    if (!job.first_run) job.first_run = now_;
    if (!trace_.add(0, index, static_cast<double>(now_), static_cast<double>(now_ + 1)))
      return false;
    ++now_;
    --job.left;
    const bool quantum_over = --job.ticks_left == 0;
    if (job.left == 0) {
      job.end = now_;
      ++finished_;
      queue.pop_front();
      return true;
    }
    const bool io = job.io_every > 0 && (job.length - job.left) % job.io_every == 0;
    if (io || quantum_over) queue.pop_front();
    if (io) {
      if (request_.stay) enter(job, level);
      coming_[now_ + request_.io_time].push_back({index, true});
    }
    if (quantum_over) end_quantum(job, level);
    if (quantum_over && !io) levels_[job.level].queue.push_back(index);
    return true;
  }

  void end_quantum(Job& job, std::size_t level) {
    if (--job.allotment_left == 0)
      enter(job, level > 0 ? level - 1 : 0);
    else
      job.ticks_left = levels_[level].quantum;
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.slices = trace_.take();
    std::int64_t responses = 0;
    std::int64_t turnarounds = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) {
      const Job& job = jobs_[i];
      const std::int64_t response = *job.first_run - job.start;
      const std::int64_t turnaround = job.end - job.start;
      responses += response;
      turnarounds += turnaround;
      outcome.jobs.push_back({i, static_cast<double>(response), static_cast<double>(turnaround),
                              std::nullopt, static_cast<double>(job.end)});
    }
    const auto count = static_cast<double>(jobs_.size());
    outcome.average.response = static_cast<double>(responses) / count;
    outcome.average.turnaround = static_cast<double>(turnarounds) / count;
    return outcome;
  }

  const Request& request_;
  std::vector<Level> levels_;
  std::vector<Job> jobs_;
  std::map<std::int64_t, std::vector<Coming>> coming_;
  Trace trace_;
  std::int64_t now_ = 0;
  std::int64_t boosts_ = 0;
  std::size_t finished_ = 0;
};

}  // namespace

Played play_mlfq(const Words& words) {
  Request request;
  constexpr std::int64_t most_levels = 1000;
  const std::vector<Option> options = {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
                                       {'n', "numQueues", &request.levels, 1, most_levels},
                                       {'q', "quantum", &request.quantum, 1},
                                       {'a', "allotment", &request.allotment},
                                       {'Q', "quantumList", &request.quanta},
                                       {'A', "allotmentList", &request.allotments},
                                       {'j', "numJobs", &request.jobs, 1, most_jobs},
                                       {'m', "maxlen", &request.longest, 1},
                                       {'M', "maxio", &request.rarest_io},
                                       {'B', "boost", &request.boost},
                                       {'i', "iotime", &request.io_time, 0},
                                       {'S', "stay", &request.stay},
                                       {'I', "iobump", &request.bump},
                                       {'l', "jlist", &request.job_list},
                                       {'c', "", &request.compute}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  auto levels = levels_of(request);
  if (!levels) return tl::unexpected(levels.error());
  auto jobs = request.job_list.empty()
                  ? tl::expected<std::vector<Job>, Message>(drawn_jobs(request))
                  : listed_jobs(request.job_list);
  if (!jobs) return tl::unexpected(jobs.error());
  std::int64_t least = 0;
  for (const Job& job : *jobs) least += job.length;
  if (least > most_steps) return too_long();
  return Player(request, std::move(*levels), std::move(*jobs)).play();
}

}  // namespace simulation::ostep
