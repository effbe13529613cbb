// ostep:lottery: a winning ticket a quantum, among jobs that use only the CPU.
//
// A draw is int(random() × 1000001) modulo the tickets that are left. The clock always advances by
// a whole quantum, also when the winner needs less. A finished job gives up its tickets. There are
// no more draws than ticks of work at the beginning: a job without length that wins may leave
// another unfinished.
#include "players.hpp"
#include "python_random.hpp"

namespace simulation::ostep {
namespace {

struct Request {
  std::int64_t seed = 0;
  std::int64_t jobs = 3;
  std::string job_list;
  std::int64_t longest = 10;
  std::int64_t most_tickets = 100;
  std::int64_t quantum = 1;
  bool compute = false;
};

struct Job {
  std::int64_t left = 0;
  std::int64_t tickets = 0;
  std::optional<double> end;
};

tl::expected<std::vector<Job>, Message> listed_jobs(const std::string& list) {
  std::vector<Job> jobs;
  for (const std::string_view part : split(list, ',')) {
    const std::vector<std::string_view> fields = split(part, ':');
    const auto length = parse_whole(fields[0]);
    const auto tickets = fields.size() == 2 ? parse_whole(fields[1]) : std::nullopt;
    if (!length || !tickets)
      return bad_value("-l", part, "a job is length:tickets; separate several by commas",
                       "作业的写法为 长度:彩票数；多个之间用逗号分隔");
    if (*length < 0 || *tickets < 0 || *length > largest_number || *tickets > largest_number)
      return bad_value("-l", part, "length and tickets are from 0 to 2147483648",
                       "长度和彩票数为 0 到 2147483648");
    jobs.push_back({*length, *tickets, std::nullopt});
  }
  if (static_cast<std::int64_t>(jobs.size()) > most_jobs) return too_long();
  return jobs;
}

std::vector<Job> drawn_jobs(const Request& request, dialtone::PythonRandom& random) {
  std::vector<Job> jobs;
  const auto draw = [&](std::int64_t limit) {
    std::int64_t value = 0;
    while (value == 0)
      value = static_cast<std::int64_t>(static_cast<double>(limit) * random.random());
    return value;
  };
  for (std::int64_t i = 0; i < request.jobs; ++i) {
    const std::int64_t length = draw(request.longest);
    jobs.push_back({length, draw(request.most_tickets), std::nullopt});
  }
  return jobs;
}

Played play_jobs(std::vector<Job> jobs, std::int64_t quantum, dialtone::PythonRandom& random) {
  std::int64_t draws = 0;
  std::int64_t wins = 0;  // that the jobs need at least
  std::int64_t tickets = 0;
  for (const Job& job : jobs) {
    draws += job.left;
    wins += job.left / quantum;
    tickets += job.tickets;
  }
  if (wins > most_steps) return too_long();
  Trace trace;
  Budget budget;
  std::size_t unfinished = jobs.size();
  std::int64_t now = 0;
  for (; draws > 0 && unfinished > 0; --draws) {
    if (tickets == 0)
      return refuse("the jobs that are left have no tickets, so none can win",
                    "剩下的作业没有彩票，谁也不能中奖");
    const std::int64_t drawn = static_cast<std::int64_t>(random.random() * 1000001);
    const std::int64_t winning = drawn % tickets;
    std::size_t winner = 0;
    std::int64_t passed = jobs[0].tickets;
    while (passed <= winning) passed += jobs[++winner].tickets;
    if (!budget.spend(static_cast<std::int64_t>(winner) + 1)) return too_long();

    Job& job = jobs[winner];
    const std::int64_t end = now + quantum;
    if (!trace.add(0, winner, static_cast<double>(now), static_cast<double>(end)))
      return too_many_records();
    now = end;
    job.left = job.left >= quantum ? job.left - quantum : 0;
    if (job.left == 0) {
      job.end = static_cast<double>(now);
      tickets -= job.tickets;
      job.tickets = 0;
      --unfinished;
    }
  }
  Outcome outcome;
  outcome.slices = trace.take();
  for (std::size_t i = 0; i < jobs.size(); ++i)
    outcome.jobs.push_back({i, std::nullopt, std::nullopt, std::nullopt, jobs[i].end});
  return outcome;
}

}  // namespace

Played play_lottery(const Words& words) {
  Request request;
  const std::vector<Option> options = {{'s', "seed", &request.seed, INT64_MIN, INT64_MAX},
                                       {'j', "jobs", &request.jobs, 1, most_jobs},
                                       {'l', "jlist", &request.job_list},
                                       {'m', "maxlen", &request.longest},
                                       {'T', "maxticket", &request.most_tickets},
                                       {'q', "quantum", &request.quantum, 1},
                                       {'c', "compute", &request.compute}};
  if (auto read = read_options(options, words); !read) return tl::unexpected(read.error());
  dialtone::PythonRandom random(request.seed);
  if (!request.job_list.empty()) {
    auto jobs = listed_jobs(request.job_list);
    if (!jobs) return tl::unexpected(jobs.error());
    return play_jobs(std::move(*jobs), request.quantum, random);
  }
  // Zeros are drawn again, so below 2 nothing would ever be drawn.
  if (request.longest < 2 || request.most_tickets < 2)
    return refuse("-m and -T must be at least 2", "-m 和 -T 至少为 2");
  std::vector<Job> jobs = drawn_jobs(request, random);
  return play_jobs(std::move(jobs), request.quantum, random);
}

}  // namespace simulation::ostep
