#include "ostep.hpp"

#include "players.hpp"

namespace simulation::ostep {
namespace {

using dialtone::Language;

Played play_tool(Tool tool, const Words& words) {
  switch (tool) {
    case Tool::scheduler:
      return play_scheduler(words);
    case Tool::mlfq:
      return play_mlfq(words);
    case Tool::lottery:
      return play_lottery(words);
    case Tool::multi:
      return play_multi(words);
    case Tool::process_run:
      return play_process_run(words);
    case Tool::malloc:
      return play_malloc(words);
    case Tool::relocation:
      return play_relocation(words);
  }
  return refuse("no such tool", "没有这样的工具");
}

std::string in_language(const Message& message, Language language) {
  return language == Language::chinese ? message.chinese : message.english;
}

/// A number as JSON: whole ones as integers, as long as a double holds them exactly.
nlohmann::ordered_json number(double value) {
  constexpr double exact = 0x1.0p53;
  if (value > -exact && value < exact &&
      value == static_cast<double>(static_cast<std::int64_t>(value)))
    return static_cast<std::int64_t>(value);
  return value;
}

nlohmann::ordered_json job_id(const Outcome& outcome, std::size_t job) {
  if (outcome.job_names.empty()) return job;
  return outcome.job_names[job];
}

void put(nlohmann::ordered_json& object, const char* key, const std::optional<double>& value) {
  if (value) object[key] = number(*value);
}

nlohmann::ordered_json json_of_jobs(const Outcome& outcome) {
  auto jobs = nlohmann::ordered_json::array();
  for (const JobFigures& job : outcome.jobs) {
    nlohmann::ordered_json figures;
    figures["job"] = job_id(outcome, job.job);
    put(figures, "response", job.response);
    put(figures, "turnaround", job.turnaround);
    put(figures, "waiting", job.waiting);
    put(figures, "completion", job.completion);
    jobs.push_back(std::move(figures));
  }
  return jobs;
}

nlohmann::ordered_json json_of_schedule(const Outcome& outcome) {
  nlohmann::ordered_json json;
  json["slices"] = nlohmann::ordered_json::array();
  for (const Slice& slice : outcome.slices) {
    nlohmann::ordered_json figures;
    figures["cpu"] = slice.cpu;
    figures["job"] = job_id(outcome, slice.job);
    figures["start"] = number(slice.start);
    figures["end"] = number(slice.end);
    json["slices"].push_back(std::move(figures));
  }
  if (!outcome.jobs.empty()) json["jobs"] = json_of_jobs(outcome);
  nlohmann::ordered_json average;
  put(average, "response", outcome.average.response);
  put(average, "turnaround", outcome.average.turnaround);
  put(average, "waiting", outcome.average.waiting);
  if (!average.empty()) json["average"] = std::move(average);
  for (std::size_t cpu = 0; cpu < outcome.cpus.size(); ++cpu) {
    nlohmann::ordered_json figures;
    figures["cpu"] = cpu;
    figures["utilisation"] = number(outcome.cpus[cpu].utilisation);
    figures["warm"] = number(outcome.cpus[cpu].warm);
    json["cpus"].push_back(std::move(figures));
  }
  if (outcome.total_time) json["total_time"] = *outcome.total_time;
  if (outcome.cpu_busy) json["cpu_busy"] = *outcome.cpu_busy;
  if (outcome.io_busy) json["io_busy"] = *outcome.io_busy;
  return json;
}

nlohmann::ordered_json json_of_step(const HeapStep& step) {
  nlohmann::ordered_json figures;
  if (step.kind == HeapStep::Kind::alloc) {
    figures["op"] = "alloc";
    figures["size"] = step.size;
    figures["returned"] = step.returned;
    figures["searched"] = step.searched;
  } else {
    figures["op"] = "free";
    figures["pointer"] = step.pointer;
    figures["returned"] = step.returned;
  }
  figures["free"] = nlohmann::ordered_json::array();
  for (const Hole& hole : step.free)
    figures["free"].push_back(nlohmann::ordered_json::array({hole.address, hole.size}));
  return figures;
}

nlohmann::ordered_json json_of_accesses(const Outcome& outcome) {
  auto accesses = nlohmann::ordered_json::array();
  for (const Access& access : outcome.accesses) {
    nlohmann::ordered_json figures;
    figures["virtual"] = access.virtual_address;
    figures["valid"] = access.physical_address.has_value();
    if (access.physical_address) figures["physical"] = *access.physical_address;
    accesses.push_back(std::move(figures));
  }
  return accesses;
}

}  // namespace

std::optional<Tool> parse_tool(std::string_view name) {
  for (std::size_t i = 0; i < tool_names.size(); ++i)
    if (tool_names[i] == name) return static_cast<Tool>(i);
  return std::nullopt;
}

tl::expected<Outcome, std::string> play(std::string_view tool,
                                        const std::vector<std::string>& options,
                                        Language language) {
  const std::optional<Tool> known = parse_tool(tool);
  if (!known) {
    std::string names;
    for (const std::string_view name : tool_names) names.append(" ").append(name);
    return tl::unexpected(
        in_language(refuse("unknown tool '" + std::string(tool) + "'; there are" + names,
                           "未知工具“" + std::string(tool) + "”；可用的有" + names)
                        .value(),
                    language));
  }
  Played played = play_tool(*known, options);
  if (!played)
    return tl::unexpected("ostep:" + std::string(tool) +
                          (language == Language::chinese ? "：" : ": ") +
                          in_language(played.error(), language));
  played->tool = *known;
  return std::move(*played);
}

nlohmann::ordered_json to_json(const Outcome& outcome) {
  if (outcome.tool == Tool::relocation) return {{"accesses", json_of_accesses(outcome)}};
  if (outcome.tool != Tool::malloc) return json_of_schedule(outcome);
  auto steps = nlohmann::ordered_json::array();
  for (const HeapStep& step : outcome.steps)
    if (step.kind != HeapStep::Kind::skipped) steps.push_back(json_of_step(step));
  return {{"steps", std::move(steps)}};
}

tl::unexpected<Message> too_long() {
  const std::string steps = std::to_string(most_steps);
  return refuse("this does not end within " + steps + " steps, if at all; make it shorter",
                "在 " + steps + " 步内不会结束，也许永不结束；请缩短");
}

tl::unexpected<Message> too_many_records() {
  const std::string records = std::to_string(most_records);
  return refuse("more than " + records + " lines of trace; make it shorter",
                "轨迹超过 " + records + " 行；请缩短");
}

bool Trace::add(std::size_t cpu, std::size_t job, double start, double end) {
  if (end <= start) return true;
  if (cpu >= last_.size()) last_.resize(cpu + 1, 0);
  if (last_[cpu] != 0) {
    Slice& last = slices_[last_[cpu] - 1];
    if (last.job == job && last.end == start) {
      last.end = end;
      return true;
    }
  }
  if (slices_.size() == most_records) return false;
  slices_.push_back({cpu, job, start, end});
  last_[cpu] = slices_.size();
  return true;
}

}  // namespace simulation::ostep
