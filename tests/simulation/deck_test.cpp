// Decks of jobs as JSON: what is read, and how what is wrong is told.
#include "simulation/deck.hpp"

#include "language.hpp"
#include "practice.hpp"

using namespace simulation;

namespace {

std::string complaint_about(const std::string& text) {
  dialtone::set_language(dialtone::Language::english);
  const auto deck = read_deck(text);
  return deck ? "none" : deck.error();
}

std::string with_job(const std::string& fields) {
  return R"({"jobs":[{"bursts":[{"cpu":1}]},{)" + fields + "}]}";
}

}  // namespace

TEST_CASE("every_field_of_a_deck_is_read") {
  const auto deck = read_deck(R"({
    "devices": [{"name": "disk"}, {"name": "terminal", "servers": 0}],
    "jobs": [{"name": "工资单", "user": "李雷", "arrival": 7, "memory": 40, "priority": -1,
              "weight": 3, "cores": [0, 5], "patience": 300, "cards": 20, "lines": 50,
              "bursts": [{"cpu": 5}, {"disk": 20}, {"drum": 2}, {"cpu": 3}, {"terminal": 9}]}]})");
  REQUIRE(deck.has_value());
  REQUIRE(deck->devices.size() == 3);
  CHECK(deck->devices[0].servers == 1);
  CHECK(deck->devices[1].servers == 0);
  CHECK(deck->devices[2].name == "drum");  // named in a burst alone: one request at a time
  CHECK(deck->devices[2].servers == 1);
  REQUIRE(deck->workload.jobs.size() == 1);
  const Job& job = deck->workload.jobs[0];
  CHECK(job.name == "工资单");
  CHECK(job.arrival == 7);
  CHECK(job.memory == 40);
  CHECK(job.priority == -1);
  CHECK(job.weight == 3);
  CHECK(job.cores == 0b100001);
  const std::pair<Time, int> bursts[] = {{5, Burst::cpu}, {20, 0}, {2, 2}, {3, Burst::cpu}, {9, 1}};
  REQUIRE(deck->workload.bursts.size() == std::size(bursts));
  for (std::size_t i = 0; i < std::size(bursts); ++i) {
    CHECK(deck->workload.bursts[i].length == bursts[i].first);
    CHECK(deck->workload.bursts[i].device == bursts[i].second);
  }
  REQUIRE(deck->orders.size() == 1);
  CHECK(deck->orders[0].user == "李雷");
  CHECK(deck->orders[0].patience == 300);
  CHECK(deck->orders[0].cards == 20);
  CHECK(deck->orders[0].lines == 50);
}

TEST_CASE("what_is_not_said_has_a_usual_value") {
  const auto deck = read_deck(R"({"jobs":[{"bursts":[{"cpu":1}]},{"bursts":[{"cpu":2}]}]})");
  REQUIRE(deck.has_value());
  CHECK(deck->workload.jobs[1].name == "2");
  CHECK(deck->workload.jobs[1].arrival == 0);
  CHECK(deck->workload.jobs[1].weight == 1);
  CHECK(deck->workload.jobs[1].cores == ~std::uint64_t{0});
  CHECK(deck->orders[1].user == "2");
  CHECK(deck->orders[1].patience == never);
}

TEST_CASE("what_is_wrong_is_told_with_its_path") {
  const std::pair<std::string, std::string> samples[] = {
      {with_job(R"("bursts":[{"cpu":-3}])"), "jobs[1].bursts[0].cpu: -3 is below 1"},
      {with_job(R"("bursts":[{"cpu":0}])"), "jobs[1].bursts[0].cpu: 0 is below 1"},
      {with_job(R"("bursts":[{"cpu":1.0}])"), "jobs[1].bursts[0].cpu: 1.0 is not a whole number"},
      {with_job(R"("bursts":[{"cpu":"1"}])"), "jobs[1].bursts[0].cpu: \"1\" is not a whole number"},
      {with_job(R"("bursts":[{"cpu":2147483648}])"),
       "jobs[1].bursts[0].cpu: 2147483648 is above 2147483647"},
      {with_job(R"("bursts":[{"cpu":18446744073709551615}])"),
       "jobs[1].bursts[0].cpu: 18446744073709551615 is above 2147483647"},
      {with_job(R"("bursts":[{"cpu":2147483646},{"cpu":9}])"),
       "jobs[1].bursts[1]: the work adds up to more than 2^31 ticks: make it smaller"},
      {with_job(R"("bursts":[])"), "jobs[1].bursts: there are none"},
      {with_job(R"("name":"x")"), "jobs[1].bursts: is missing"},
      {with_job(R"("bursts":[{"cpu":1,"disk":1}])"),
       "jobs[1].bursts[0]: is not an object with one field, as {\"cpu\": 5}"},
      {with_job(R"("arrival":-1,"bursts":[{"cpu":1}])"), "jobs[1].arrival: -1 is below 0"},
      {with_job(R"("memory":-1,"bursts":[{"cpu":1}])"), "jobs[1].memory: -1 is below 0"},
      {with_job(R"("weight":0,"bursts":[{"cpu":1}])"), "jobs[1].weight: 0 is below 1"},
      {with_job(R"("cores":[0,64],"bursts":[{"cpu":1}])"), "jobs[1].cores[1]: 64 is above 63"},
      {with_job(R"("cores":[],"bursts":[{"cpu":1}])"), "jobs[1].cores: there are none"},
      {with_job(R"("name":7,"bursts":[{"cpu":1}])"), "jobs[1].name: is not a text"},
      {with_job(R"("name":"a\u0007","bursts":[{"cpu":1}])"),
       "jobs[1].name: holds a control character"},
      {with_job(R"("size":1,"bursts":[{"cpu":1}])"),
       "jobs[1].size: no such field; there are name, user, arrival, memory, priority, weight, "
       "cores, patience, cards, lines, bursts"},
      {with_job(R"("lines":1,"lines":1,"bursts":[{"cpu":1}])"),
       "\"lines\": the field is there twice"},
      {R"({"jobs":[],"x":1})", "x: no such field; there are devices, jobs"},
      {R"({"jobs":[]})", "jobs: there are none"},
      {"{}", "jobs: is missing"},
      {"[]", "the deck is not an object"},
      {R"({"devices":[{"name":"cpu"}],"jobs":[]})", "devices[0].name: \"cpu\" is no device"},
      {R"({"devices":[{"name":"a"},{"name":"a"}],"jobs":[]})",
       "devices[1].name: there are two of that name"},
      {R"({"devices":[{"name":"a","servers":-1}],"jobs":[]})",
       "devices[0].servers: -1 is below 0"}};
  for (const auto& [text, expected] : samples) {
    INFO(text);
    CHECK(complaint_about(text) == expected);
  }
}

TEST_CASE("what_is_no_json_is_refused_at_its_byte") {
  CHECK(complaint_about("") == "not JSON: byte 1 cannot be there");
  CHECK(complaint_about("{\"jobs\":[}") == "not JSON: byte 10 cannot be there");
  CHECK(complaint_about(std::string(1'000'000, '[')) == "nested deeper than a deck is");
  CHECK(complaint_about("{\"jobs\":[{\"name\":\"\xff\"}]}") == "not JSON: byte 19 cannot be there");
}

TEST_CASE("no_broken_deck_brings_it_down") {
  const std::string right =
      R"({"devices":[{"name":"disk","servers":2}],"jobs":[{"name":"a","memory":3,"arrival":1,)"
      R"("bursts":[{"cpu":5},{"disk":20},{"cpu":3}]},{"bursts":[{"x":1}],"cards":9}]})";
  const auto seed = dialtone::test_seed();
  dialtone::Random random(seed);
  INFO("seed " << seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = right;
    for (std::uint64_t changes = random.between(1, 4); changes > 0; --changes) {
      const std::size_t at = random.between(0, text.size() - 1);
      if (random.chance(0.3))
        text.erase(at, random.between(1, 9));
      else if (random.chance(0.5))
        text.insert(at, text.substr(random.between(0, text.size() - 1), random.between(1, 20)));
      else
        text[at] = static_cast<char>(random.bits());
      if (text.empty()) text = "{";
    }
    const auto deck = read_deck(text);
    if (!deck) CHECK(deck.error().find('\n') == std::string::npos);
    if (deck) CHECK(deck->orders.size() == deck->workload.jobs.size());
  }
}
