// Lab 05's simulators: hand-computed decks, laws that hold for every deck, and theory.
#include <algorithm>
#include <cmath>
#include <map>

#include "generations/draw.hpp"
#include "generations/memory_show.hpp"
#include "generations/report.hpp"
#include "generations/terminals.hpp"
#include "generations/trespass.hpp"
#include "generations/utilisation.hpp"
#include "practice.hpp"

using namespace generations;
using dialtone::Story;
using simulation::Piece;

namespace {

constexpr Generation every_generation[] = {Generation::exclusive,    Generation::batch,
                                           Generation::spooling,     Generation::multiprogramming,
                                           Generation::time_sharing, Generation::many_cpus};

Deck deck_of(const std::string& json) {
  auto deck = simulation::read_deck(json);
  if (!deck) throw std::runtime_error(deck.error());
  return std::move(*deck);
}

Played played(const Deck& deck, Generation generation, const Settings& settings = {}) {
  auto all = play(deck, settings, generation);
  if (!all) throw std::runtime_error(all.error());
  return std::move(*all);
}

std::vector<Time> done(const Played& one) {
  std::vector<Time> times;
  for (const Outcome& job : one.jobs) times.push_back(job.done);
  return times;
}

/// 800 cards and 600 lines take a minute each.
constexpr const char* three_jobs = R"({"jobs":[
  {"name":"A","arrival":0,"cards":800,"lines":600,"bursts":[{"cpu":100}]},
  {"name":"B","arrival":0,"cards":800,"lines":600,"bursts":[{"cpu":50},{"disk":20},{"cpu":30}]},
  {"name":"C","arrival":200,"cards":800,"lines":600,"bursts":[{"cpu":10}]}]})";

/// Six jobs that mostly wait, each for a disk of its own.
Deck business() {
  std::string jobs;
  for (int i = 0; i < 6; ++i) {
    std::string bursts;
    for (int b = 0; b < 8; ++b) bursts += "{\"cpu\":10},{\"disk " + std::to_string(i) + "\":30},";
    jobs += (i > 0 ? "," : "") + std::string("{\"memory\":10,\"cards\":100,\"lines\":100,") +
            "\"bursts\":[" + bursts + "{\"cpu\":10}]}";
  }
  return deck_of("{\"jobs\":[" + jobs + "]}");
}

}  // namespace

// --- decks computed by hand ---

TEST_CASE("tapes_go_from_the_1401_to_the_7094_and_back") {
  Settings settings;
  settings.batch = 2;
  settings.carry = 300;
  settings.batch_wait = 3600;
  const Played one = played(deck_of(three_jobs), Generation::batch, settings);
  // A is on tape at 60, B at 120: full. Carried 420; A runs to 520, B to 620; carried back 920.
  // C is on tape at 260, which is carried an hour later: 4160; runs to 4170; back at 4470.
  CHECK(done(one) == std::vector<Time>{980, 1040, 4530});
  CHECK(one.batches == 2);
  CHECK(one.cpu == 190);
  CHECK(one.jobs[1].waiting() == 1040 - (60 + 100 + 60));
  CHECK(one.jobs[2].answers == std::vector<Time>{4330});
}

TEST_CASE("a_job_that_overruns_its_booking_books_again_and_begins_anew") {
  Settings settings;
  settings.booking = 1800;
  settings.set_up = 600;
  const Played one = played(deck_of(R"({"jobs":[{"bursts":[{"cpu":1500}]},
                                                {"bursts":[{"cpu":60}]},
                                                {"arrival":1801,"bursts":[{"cpu":60}]}]})"),
                            Generation::exclusive, settings);
  // The first computes from 600 to 1800 for nothing; the second has the next line of the calendar,
  // the first the two lines from 3600 on, and who comes a second later the one after these.
  CHECK(done(one) == std::vector<Time>{3600 + 600 + 1500, 1800 + 600 + 60, 7200 + 600 + 60});
  CHECK(one.cpu == 1620);
  CHECK(one.cpu_lost == 1200);
  CHECK(one.bookings == 4);
}

TEST_CASE("at_the_machine_an_answer_waits_for_nobody") {
  Settings settings;
  settings.set_up = 600;
  const Played one =
      played(deck_of(R"({"jobs":[{"bursts":[{"cpu":5},{"terminal":100},{"cpu":7}]}]})"),
             Generation::exclusive, settings);
  CHECK(one.jobs[0].answers == std::vector<Time>{605, 7});
}

TEST_CASE("with_spooling_reader_cpu_and_printer_work_at_the_same_time") {
  const Played one = played(deck_of(three_jobs), Generation::spooling);
  // On disk at 60, 120, 260. A runs 60 to 160, B 160 to 260, C 260 to 270. Printed to 220, 320,
  // 380.
  CHECK(done(one) == std::vector<Time>{220, 320, 380});
  CHECK(one.cpu == 190);
}

TEST_CASE("with_many_programs_in_memory_the_cpu_works_while_one_waits") {
  const Deck deck = deck_of(R"({"jobs":[
    {"memory":20,"bursts":[{"cpu":10},{"disk":50},{"cpu":10}]},
    {"memory":20,"bursts":[{"cpu":30}]},
    {"memory":30,"bursts":[{"cpu":5}]}]})");
  CHECK(done(played(deck, Generation::spooling)) == std::vector<Time>{70, 100, 105});
  Settings settings;  // the third does not fit beside the two
  settings.memory.size = 64;
  const Played one = played(deck, Generation::multiprogramming, settings);
  CHECK(done(one) == std::vector<Time>{70, 40, 45});
  CHECK(one.most_programs == 2);
}

TEST_CASE("a_queue_for_each_partition_leaves_large_ones_empty") {
  const Deck deck = deck_of(R"({"jobs":[
    {"memory":8,"bursts":[{"cpu":1},{"a":100},{"cpu":1}]},
    {"memory":8,"bursts":[{"cpu":1},{"b":100},{"cpu":1}]}]})");
  Settings settings;
  settings.memory.partitions = {8, 32};
  settings.memory.size = 40;
  CHECK(played(deck, Generation::multiprogramming, settings).most_programs == 2);
  settings.memory.queue_each = true;
  CHECK(played(deck, Generation::multiprogramming, settings).most_programs == 1);
}

TEST_CASE("compaction_lets_a_program_in_that_no_hole_holds") {
  // 20 + 20 + 20 of 64; the middle one stays, and 40 come.
  const Deck deck = deck_of(R"({"jobs":[
    {"memory":20,"bursts":[{"cpu":5}]},
    {"memory":20,"bursts":[{"a":500},{"cpu":5}]},
    {"memory":20,"bursts":[{"cpu":5}]},
    {"memory":40,"arrival":1,"bursts":[{"cpu":5}]}]})");
  Settings settings;
  settings.memory.size = 64;
  CHECK(played(deck, Generation::multiprogramming, settings).jobs[3].done > 500);
  settings.memory.compaction = true;
  const Played one = played(deck, Generation::multiprogramming, settings);
  CHECK(one.jobs[3].done < 50);
  CHECK(one.compactions == 1);
}

// --- what the generations are about ---

TEST_CASE("each_generation_keeps_the_cpu_busier_than_the_one_before") {
  const Deck deck = business();
  double before = 0;
  for (const Generation generation : {Generation::exclusive, Generation::batch,
                                      Generation::spooling, Generation::multiprogramming}) {
    const Played one = played(deck, generation);
    INFO("generation " << generation_names[static_cast<std::size_t>(generation)]);
    CHECK(one.utilisation() > before);
    before = one.utilisation();
  }
  CHECK(before > 0.75);
}

TEST_CASE("time_sharing_answers_who_asks_little_sooner_than_batch") {
  const Deck deck = deck_of(R"({"jobs":[
    {"name":"long","bursts":[{"cpu":3000}]},
    {"name":"talk","arrival":10,"bursts":[{"cpu":1},{"terminal":60},{"cpu":1}],"patience":60}]})");
  CHECK(played(deck, Generation::multiprogramming).jobs[1].gave_up);
  const Played shared = played(deck, Generation::time_sharing);
  CHECK_FALSE(shared.jobs[1].gave_up);
  for (const Time answer : shared.jobs[1].answers) CHECK(answer <= 3);
  CHECK(shared.jobs[0].done == 3002);  // and the long one loses just what the other used
}

TEST_CASE("more_cpus_are_never_slower_on_jobs_that_only_compute") {
  std::string jobs;
  for (int i = 1; i <= 9; ++i)
    jobs +=
        (i > 1 ? "," : "") + std::string("{\"bursts\":[{\"cpu\":") + std::to_string(10 * i) + "}]}";
  const Deck deck = deck_of("{\"jobs\":[" + jobs + "]}");
  Time before = simulation::never;
  for (const int cores : {1, 2, 3, 4, 8, 16}) {
    Settings settings;
    settings.cores = cores;
    const Played one = played(deck, Generation::many_cpus, settings);
    CHECK(one.end <= before);
    before = one.end;
  }
  CHECK(before == 90);
}

// --- what holds for every deck ---

namespace {

/// Pieces of a track lie in order; gives back how long the CPU ran in them.
Time check_track(Story& s, const simulation::Track& track) {
  Time before = 0;
  Time running = 0;
  for (const Piece& piece : track.pieces) {
    s.expect("pieces of a track do not overlap: " + track.name, piece.start >= before,
             "a start from " + std::to_string(before), std::to_string(piece.start));
    s.expect("a piece is not empty", piece.end > piece.start, "an end behind its start",
             std::to_string(piece.end));
    before = piece.end;
    if (piece.mark == simulation::Mark::running) running += piece.end - piece.start;
  }
  return running;
}

void check_played(Story& s, const Deck& deck, const Played& one) {
  Time work = 0;
  for (const simulation::Burst& burst : deck.workload.bursts)
    if (burst.device == simulation::Burst::cpu) work += burst.length;
  s.expect_equal("what the CPUs computed is what the jobs needed", one.cpu, work);
  for (const Outcome& job : one.jobs) {
    s.expect("every job is done, and not sooner than alone", job.done >= job.arrival + job.work,
             "from " + std::to_string(job.arrival + job.work), std::to_string(job.done));
    s.expect("its user had an answer", !job.answers.empty(), "one or more", "none");
  }
  s.expect("nobody is busy for longer than there is time", one.cpu <= one.span() * one.cores,
           std::to_string(one.span()), std::to_string(one.cpu));
  Time ran = 0;
  for (const simulation::Track& track : one.timeline.tracks) {
    const Time running = check_track(s, track);
    if (track.name.rfind("CPU", 0) == 0 || track.name == "7094" || track.name == "machine" ||
        track.name == "机器")
      ran += running;
    s.expect("a track ends with the run",
             track.pieces.empty() || track.pieces.back().end <= one.end, std::to_string(one.end),
             track.name);
  }
  s.expect_equal("the time line shows all computing", ran, one.cpu + one.cpu_lost);
}

}  // namespace

TEST_CASE("no_job_is_lost_and_no_work_done_twice_on_any_machine") {
  const auto seed = dialtone::test_seed();
  dialtone::Random random(seed);
  for (int i = 0; i < 40; ++i) {
    const std::uint64_t drawn = random.bits();
    const Deck deck = draw_deck(drawn, random.between(1, 30));
    Settings settings;
    settings.cores = static_cast<int>(random.between(2, 8));
    settings.quantum = static_cast<Time>(random.between(1, 50));
    settings.batch = random.between(1, 6);
    settings.memory.fit = static_cast<Fit>(random.between(0, 3));
    settings.memory.compaction = random.chance(0.5);
    settings.memory.size = random.between(24, 100);
    if (random.chance(0.4)) {
      settings.memory.partitions = {8, 24, random.between(1, 40)};
      settings.memory.queue_each = random.chance(0.5);
    }
    for (const Generation generation : every_generation) {
      Story s;
      s.step("deck " + std::to_string(drawn) + ", generation " +
             std::string(generation_names[static_cast<std::size_t>(generation)]) + ", seed " +
             std::to_string(seed));
      check_played(s, deck, played(deck, generation, settings));
    }
  }
}

TEST_CASE("a_deck_is_played_the_same_each_time") {
  const Deck deck = draw_deck(11, 20);
  for (const Generation generation : every_generation) {
    const auto once = json_of({played(deck, generation)}, deck).dump();
    CHECK(once == json_of({played(deck, generation)}, deck).dump());
  }
}

TEST_CASE("what_no_machine_can_play_is_told_before") {
  Settings settings;
  settings.memory.partitions = {8, 16};
  const Deck large = deck_of(R"({"jobs":[{"memory":17,"bursts":[{"cpu":1}]}]})");
  CHECK(complaint(large, settings).rfind("jobs[0].memory: 17", 0) == 0);
  const Deck idle = deck_of(R"({"jobs":[{"bursts":[{"disk":1}]}]})");
  CHECK(complaint(idle, {}).rfind("jobs[0].bursts: ", 0) == 0);
  const Deck pinned = deck_of(R"({"jobs":[{"cores":[1],"bursts":[{"cpu":1}]}]})");
  CHECK(complaint(pinned, {}).rfind("jobs[0].cores: ", 0) == 0);
  const Deck endless = deck_of(R"({"jobs":[{"bursts":[{"cpu":2000000000}]}]})");
  CHECK(complaint(endless, {}).rfind("--quantum 1: ", 0) == 0);
  Settings slow;
  slow.quantum = 1'000'000;
  CHECK_FALSE(play(endless, slow, Generation::exclusive).has_value());  // its booking is too long
}

// --- theory ---

TEST_CASE("simulated_utilisation_is_the_machine_repairmans") {
  for (const double wait : {0.5, 0.8, 0.9})
    for (int n = 1; n <= 10; ++n) {
      INFO("p = " << wait << ", n = " << n);
      const double exact = repairman(n, wait);
      CHECK(std::fabs(simulate_utilisation(n, wait, 5) / exact - 1) < 0.01);
    }
}

TEST_CASE("the_machine_repairman_is_what_the_course_says") {
  CHECK(std::fabs(repairman(5, 0.8) - 0.801) < 0.0005);
  CHECK(std::fabs(repairman(1, 0.8) - 0.2) < 1e-12);
  for (int n = 2; n <= 20; ++n) CHECK(repairman(n, 0.8) > 1 - std::pow(0.8, n));
}

TEST_CASE("twenty_terminals_are_answered_as_littles_law_says") {
  const Room room;
  for (const bool slices : {false, true}) {
    const RoomFigures figures = play_room(room, slices, 5);
    INFO("slices: " << slices);
    CHECK(std::fabs(figures.answer / exact_answer(room) - 1) < 0.04);
    CHECK(std::fabs(figures.thinking - 17) < 0.3);
    CHECK(std::fabs(figures.waiting - 3) < 0.3);
  }
}

TEST_CASE("slices_help_short_requests_most_where_there_are_long_jobs") {
  Room room;
  room.long_jobs = 2;
  const RoomFigures in_order = play_room(room, false, 5);
  const RoomFigures in_slices = play_room(room, true, 5);
  CHECK(in_slices.short_ones * 20 < in_order.short_ones);
}

// --- memory ---

TEST_CASE("a_trespasser_is_stopped_at_its_limit") {
  const Trespass story = trespass(true);
  CHECK(story.stopped);
  CHECK(story.fault.address == 64);
  CHECK(story.fault.limit == 64);
  CHECK(story.neighbour_intact);
  CHECK(story.system_intact);
}

TEST_CASE("without_protection_it_ruins_the_neighbour_and_then_the_system") {
  const Trespass story = trespass(false);
  CHECK_FALSE(story.stopped);
  CHECK_FALSE(story.neighbour_intact);
  CHECK_FALSE(story.system_intact);
  REQUIRE(story.events.size() == 5);
  CHECK(story.events[1].text.find("B") != std::string::npos);  // first the neighbour
}

TEST_CASE("residents_of_a_memory_never_overlap") {
  const auto seed = dialtone::test_seed();
  INFO("seed " << seed);
  for (int variant = 0; variant < 6; ++variant) {
    MemoryRules rules;
    rules.size = 64;
    rules.fit = static_cast<Fit>(variant % 4);
    rules.compaction = variant == 4;
    if (variant == 5) rules.partitions = {16, 8, 40};
    for (const MemoryStep& step : play_memory(rules, seed, 200)) {
      std::map<Address, Address> taken;
      Address asked = 0;
      for (const Resident& one : step.residents) {
        taken[one.region.address] = one.region.size;
        asked += one.asked;
      }
      CHECK(taken.size() == step.residents.size());
      Address end = 0;
      for (const auto& [address, size] : taken) {
        CHECK(address >= end);
        end = address + size;
      }
      CHECK(end <= rules.size);
      CHECK(step.usage.allocated == asked);
      CHECK(step.usage.allocated + step.usage.internal + step.usage.free == rules.size);
    }
  }
}

TEST_CASE("compaction_keeps_memory_fuller_and_fixed_partitions_waste_inside") {
  const auto compared = compare_memories(64, 5, 1000);
  REQUIRE(compared.size() == 7);
  CHECK(compared[0].internal > 0.3);  // equal partitions
  CHECK(compared[1].internal < compared[0].internal);
  for (std::size_t i = 2; i < 6; ++i) {
    CHECK(compared[i].internal == 0);
    CHECK(compared[i].allocated > compared[0].allocated);
    CHECK(compared[6].allocated > compared[i].allocated);
  }
}
