// decode_status.
#include <csignal>

#include "cases.hpp"

namespace lab04 {
namespace {

struct Coded {
  int status;
  json ending;
};

Coded draw_status(dialtone::Random& random) {
  const auto signal = static_cast<int>(random.between(1, 64));
  switch (random.between(0, 4)) {
    case 0: {
      const auto code = static_cast<int>(random.between(0, 255));
      return {code << 8, {{"how", "exited"}, {"value", code}, {"core", false}}};
    }
    case 1:
      return {signal << 8 | 0x7f, {{"how", "stopped"}, {"value", signal}, {"core", false}}};
    case 2:
      return {signal | 0x80, {{"how", "killed"}, {"value", signal}, {"core", true}}};
    default:
      return {signal, {{"how", "killed"}, {"value", signal}, {"core", false}}};
  }
}

std::vector<Coded> corner_statuses() {
  std::vector<Coded> list = {{0xffff, {{"how", "continued"}, {"value", 0}, {"core", false}}}};
  for (const int code : {0, 1, 2, 42, 127, 128, 130, 255})
    list.push_back({code << 8, {{"how", "exited"}, {"value", code}, {"core", false}}});
  for (const int signal : {SIGINT, SIGKILL, SIGSEGV, SIGTERM, 63, 64}) {
    list.push_back({signal, {{"how", "killed"}, {"value", signal}, {"core", false}}});
    list.push_back({signal | 0x80, {{"how", "killed"}, {"value", signal}, {"core", true}}});
  }
  for (const int signal : {SIGSTOP, SIGTSTP, SIGTRAP, SIGTTIN, 64})
    list.push_back({signal << 8 | 0x7f, {{"how", "stopped"}, {"value", signal}, {"core", false}}});
  return list;
}

std::string hex_text(int status) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 12; shift >= 0; shift -= 4) text += digits[(status >> shift) & 0xf];
  return text;
}

void status_is_decoded(Trial& trial) {
  std::vector<Coded> list = corner_statuses();
  if (trial.index > 0) {
    list.clear();
    for (int i = 0; i < 100; ++i) list.push_back(draw_status(trial.random));
  }
  json statuses = json::array();
  for (const Coded& one : list) statuses.push_back(one.status);
  const json got =
      trial.student.ask({{"call", "decode_status"}, {"statuses", statuses}}).body.at("value");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string told = "decode_status(" + hex_text(list[i].status) + ")";
    trial.input(told);
    trial.expect(told, got.at(i) == list[i].ending, list[i].ending.dump(), got.at(i).dump());
  }
}

}  // namespace

std::vector<Case> ending_cases() {
  return {{"a_status_is_decoded", 4, status_is_decoded}};
}

}  // namespace lab04
