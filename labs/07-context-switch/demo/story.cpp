#include "demo/story.hpp"

#include <algorithm>
#include <array>

#include "failure.hpp"
#include "language.hpp"
#include "time_slicing.hpp"

namespace switch_demo {

namespace {

using dialtone::tr;
using dialtone::UsageFailure;
using nlohmann::ordered_json;
using simulation::Happening;
using simulation::Mark;
using What = context_switch::Event::What;

std::size_t at(int number) {
  return static_cast<std::size_t>(number);
}

// --- the simulator, as something that tells the same events ---

class Listener : public simulation::Observer {
 public:
  explicit Listener(Story& story) : story_(story) {}

  void happened(const simulation::Event& event, const simulation::ProcessControlBlock& process,
                const simulation::Policy& policy) override;

 private:
  Story& story_;
};

void Listener::happened(const simulation::Event& event, const simulation::ProcessControlBlock&,
                        const simulation::Policy&) {
  const auto tell = [&](What what) { story_.moments.push_back({event.time, event.pid, what}); };
  switch (event.what) {
    case Happening::arrived:
    case Happening::woke:
      return tell(What::made_ready);
    case Happening::dispatched:
      return tell(What::runs);
    case Happening::expired:
    case Happening::preempted:
      return tell(What::turn_over);
    case Happening::blocked:
      return tell(What::waits);
    case Happening::finished:
      return tell(What::ended);
    case Happening::admitted:
    case Happening::stolen:
    case Happening::boosted:
      return;
  }
}

}  // namespace

ordered_json usual_deck() {
  const auto job = [](const char* name, int times, Time cpu, Time io) {
    ordered_json bursts = ordered_json::array();
    for (int i = 0; i < times; ++i) {
      bursts.push_back({{"cpu", cpu}});
      if (io > 0 && i + 1 < times) bursts.push_back({{"device", io}});
    }
    return ordered_json{{"name", name}, {"bursts", std::move(bursts)}};
  };
  return {{"devices", {{{"name", "device"}, {"servers", 0}}}},
          {"jobs",
           {job("weather", 1, 60'000, 0), job("editor", 5, 2'000, 16'000),
            job("build", 1, 40'000, 0), job("mail", 4, 4'000, 24'000)}}};
}

Story in_theory(const simulation::Deck& deck, Time quantum) {
  Story story;
  Listener listener(story);
  simulation::Options options;
  options.devices = deck.devices;
  options.context_switch = {time_slicing::save, time_slicing::restore};
  options.observer = &listener;
  const auto figures = simulation::run(
      deck.workload, [quantum] { return std::make_unique<time_slicing::RoundRobin>(quantum); },
      options);
  for (const simulation::JobFigures& job : figures.jobs) story.cpu += job.cpu;
  return story;
}

Recording record(Time quantum, int most_runs) {
  Recording recording;
  recording.quantum = quantum;
  recording.deck_text = usual_deck();
  recording.deck = simulation::read_deck(recording.deck_text.dump()).value();
  recording.theory = in_theory(recording.deck, quantum);
  recording.practice = in_practice(recording.deck, quantum);
  Time played = timeline_of(recording.deck, recording.practice).end;
  while (recording.runs < most_runs && played < 1'000'000) {
    const Time least = taken_away(recording.deck, recording.practice);
    if (least < recording.theory.cpu / 20) break;
    Story again = in_practice(recording.deck, quantum);
    ++recording.runs;
    played += timeline_of(recording.deck, again).end;
    if (taken_away(recording.deck, again) < least) recording.practice = std::move(again);
  }
  return recording;
}

// --- what either becomes ---

namespace {

/// Calls `visit(thread, mark, start, end)` for each stretch in which a thread runs, is ready, or
/// waits.
template <class Visit>
void each_stretch(const simulation::Deck& deck, const Story& story, Visit visit) {
  struct Now {
    Mark mark = Mark::ready;
    Time since = -1;  ///< -1: it is not there yet, or not any more
  };
  std::vector<Now> all(deck.workload.jobs.size());
  for (const Moment& moment : story.moments) {
    Now& now = all[at(moment.thread)];
    if (now.since >= 0 && moment.when > now.since)
      visit(moment.thread, now.mark, now.since, moment.when);
    now.since = moment.what == What::ended ? -1 : moment.when;
    now.mark = moment.what == What::runs    ? Mark::running
               : moment.what == What::waits ? Mark::blocked
                                            : Mark::ready;
  }
}

/// A job's name in the language of this process.
std::string shown(const std::string& job) {
  struct Word {
    const char* english;
    const char* chinese;
  };
  constexpr std::array<Word, 4> words = {
      {{"weather", "天气"}, {"editor", "编辑"}, {"build", "编译"}, {"mail", "邮件"}}};
  for (const Word& word : words)
    if (job == word.english) return tr(word.english, word.chinese);
  return job;
}

}  // namespace

simulation::Timeline timeline_of(const simulation::Deck& deck, const Story& story) {
  simulation::Timeline timeline;
  timeline.unit = "µs";
  timeline.tracks.resize(deck.workload.jobs.size() + 1);
  timeline.tracks[0].name = tr("core", "核");
  for (std::size_t i = 0; i < deck.workload.jobs.size(); ++i) {
    timeline.names.push_back(shown(deck.workload.jobs[i].name));
    timeline.tracks[i + 1].name = timeline.names.back();
  }
  each_stretch(deck, story, [&](int thread, Mark mark, Time start, Time end) {
    if (mark == Mark::running) append(timeline.tracks[0], {start, end, thread, mark});
    append(timeline.tracks[at(thread) + 1], {start, end, thread, mark});
    timeline.end = std::max(timeline.end, end);
  });
  return timeline;
}

std::vector<Result> results_of(const simulation::Deck& deck, const Story& story) {
  std::vector<Result> results(deck.workload.jobs.size());
  int expired = -1;  // who has just been interrupted
  for (const Moment& moment : story.moments) {
    Result& result = results[at(moment.thread)];
    if (moment.what == What::ended) result.end = moment.when;
    if (moment.what == What::waits) ++result.waits;
    if (moment.what == What::turn_over) expired = moment.thread;
    if (moment.what == What::runs) {
      if (expired >= 0 && expired != moment.thread) ++results[at(expired)].turns_over;
      expired = -1;
    }
  }
  each_stretch(deck, story, [&](int thread, Mark mark, Time start, Time end) {
    if (mark == Mark::ready) results[at(thread)].ready += end - start;
  });
  return results;
}

Time taken_away(const simulation::Deck& deck, const Story& story) {
  Time ran = 0;
  each_stretch(deck, story, [&](int, Mark mark, Time start, Time end) {
    if (mark == Mark::running) ran += end - start;
  });
  return std::max<Time>(0, ran - story.cpu);
}

// --- for programs ---

namespace {

constexpr std::array<const char*, 6> what_names = {"made_ready", "runs",  "yielded",
                                                   "turn_over",  "waits", "ended"};

ordered_json json_of(const simulation::Deck& deck, const Story& story) {
  ordered_json threads = ordered_json::array();
  const auto results = results_of(deck, story);
  for (std::size_t i = 0; i < results.size(); ++i)
    threads.push_back({{"name", deck.workload.jobs[i].name},
                       {"end", results[i].end},
                       {"ready", results[i].ready},
                       {"waits", results[i].waits},
                       {"turns_over", results[i].turns_over}});
  return threads;
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw UsageFailure(
      name + tr(": no recording of `timeline --json`: ", "：不是 timeline --json 的录制：") + why);
}

constexpr std::size_t most_moments = 200'000;

/// Of [time, thread, what].
Moment moment_of(const ordered_json& json, std::size_t threads, Time last) {
  Moment moment;
  moment.when = json.at(0).get<Time>();
  moment.thread = json.at(1).get<int>();
  const auto name = json.at(2).get<std::string>();
  const auto* const what = std::find(what_names.begin(), what_names.end(), name);
  if (what == what_names.end()) throw std::out_of_range("'" + name + "'");
  moment.what = static_cast<What>(what - what_names.begin());
  if (moment.thread < 0 || at(moment.thread) >= threads)
    throw std::out_of_range("thread " + std::to_string(moment.thread));
  if (moment.when < last || moment.when > simulation::last_tick)
    throw std::out_of_range("time " + std::to_string(moment.when));
  return moment;
}

}  // namespace

ordered_json json_of(const Recording& recording) {
  ordered_json events = ordered_json::array();
  for (const Moment& moment : recording.practice.moments)
    events.push_back({moment.when, moment.thread, what_names[at(static_cast<int>(moment.what))]});
  return {{"quantum", recording.quantum},
          {"deck", recording.deck_text},
          {"events", std::move(events)},
          {"cpu", recording.practice.cpu},
          {"runs", recording.runs},
          {"theory", json_of(recording.deck, recording.theory)},
          {"practice", json_of(recording.deck, recording.practice)}};
}

Recording read_recording(const std::string& name, const std::string& text) {
  const auto json = ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) refuse(name, tr("it is no JSON object", "它不是 JSON 对象"));
  Recording recording;
  try {
    recording.deck_text = json.at("deck");
    auto deck = simulation::read_deck(recording.deck_text.dump());
    if (!deck) refuse(name, deck.error());
    recording.deck = *std::move(deck);
    recording.quantum = json.at("quantum").get<Time>();
    recording.practice.cpu = json.at("cpu").get<Time>();
    recording.runs = json.value("runs", 1);
    Time last = 0;
    for (const ordered_json& event : json.at("events")) {
      recording.practice.moments.push_back(
          moment_of(event, recording.deck.workload.jobs.size(), last));
      last = recording.practice.moments.back().when;
      if (recording.practice.moments.size() > most_moments)
        refuse(name, tr("more than 200,000 events", "事件超过 200,000 个"));
    }
  } catch (const nlohmann::json::exception& error) {
    refuse(name, error.what());
  } catch (const std::out_of_range& error) {
    refuse(name, tr("not possible: ", "不可能的值：") + error.what());
  }
  simulation::Options options;
  options.devices = recording.deck.devices;
  if (const std::string wrong = complaint(recording.deck.workload, options); !wrong.empty())
    refuse(name, wrong);
  if (recording.quantum < 1) refuse(name, tr("its quantum is below 1", "量子小于 1"));
  recording.theory = in_theory(recording.deck, recording.quantum);
  return recording;
}

}  // namespace switch_demo
