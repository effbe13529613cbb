// Carries lab 05's code for the judge: one request holds a memory or a dispatcher and all that is
// asked of it, in order; the answer holds what came of each.
#include "shim.hpp"

#include "multiprogramming.hpp"

namespace {

using dialtone::Answer;
using dialtone::Message;
using namespace multiprogramming;
using nlohmann::json;

const char* name_of(Refusal refusal) {
  constexpr const char* names[] = {"size_of_zero",  "too_large",   "no_room",    "not_allocated",
                                   "known_already", "not_blocked", "nobody_runs"};
  const auto at = static_cast<std::size_t>(refusal);
  return at < std::size(names) ? names[at] : "?";
}

json told(Refusal refusal) {
  return {{"refused", name_of(refusal)}};
}

json told(const Region& region) {
  return json::array({region.address, region.size});
}

json told(const Usage& usage) {
  return {{"allocated", usage.allocated},
          {"internal", usage.internal},
          {"free", usage.free},
          {"largest_hole", usage.largest_hole},
          {"external", usage.external}};
}

json told(const Dispatcher::Runs& runs) {
  return runs ? json(*runs) : json();
}

template <class T>
json told(const Result<T>& result) {
  return result ? told(*result) : told(result.error());
}

json told(const Result<void>& result) {
  return result ? json("released") : told(result.error());
}

/// What both kinds of memory are asked.
template <class Memory>
json ask(Memory& memory, const json& operation) {
  const auto name = operation.at(0).get<std::string>();
  if (name == "allocate") return told(memory.allocate(operation.at(1).get<Address>()));
  if (name == "release") return told(memory.release(operation.at(1).get<Address>()));
  return told(memory.usage());
}

json ask_variable(VariablePartitions& memory, const json& operation) {
  json list = json::array();
  if (operation.at(0) == "compact") {
    for (const Move& move : memory.compact()) list.push_back({move.from, move.to, move.size});
    return list;
  }
  if (operation.at(0) == "holes") {
    for (const Region& hole : memory.holes()) list.push_back(told(hole));
    return list;
  }
  return ask(memory, operation);
}

json ask_dispatcher(Dispatcher& dispatcher, const json& operation) {
  const auto name = operation.at(0).get<std::string>();
  json runs;
  if (name == "admit") runs = told(dispatcher.admit(operation.at(1).get<int>()));
  if (name == "wake") runs = told(dispatcher.wake(operation.at(1).get<int>()));
  if (name == "block") runs = told(dispatcher.block());
  if (name == "finish") runs = told(dispatcher.finish());
  return {{"gives", runs}, {"running", told(dispatcher.running())}, {"ready", dispatcher.ready()}};
}

template <class Subject, class Ask>
Answer play(const Message& request, Subject&& subject, Ask one) {
  Answer answer{{{"value", json::array()}}};
  for (const json& operation : request.body.at("operations"))
    answer.body["value"].push_back(one(subject, operation));
  return answer;
}

Answer fixed(Message& request) {
  return play(request, FixedPartitions(request.body.at("sizes").get<std::vector<Address>>()),
              ask<FixedPartitions>);
}

Answer variable(Message& request) {
  constexpr Fit fits[] = {Fit::first, Fit::next, Fit::best, Fit::worst};
  return play(request,
              VariablePartitions(request.body.at("size").get<Address>(),
                                 fits[request.body.at("fit").get<std::size_t>()]),
              ask_variable);
}

Answer dispatch(Message& request) {
  return play(request, Dispatcher(), ask_dispatcher);
}

Answer reach(Message& request) {
  const auto physical =
      translate({request.body.at("base").get<Address>(), request.body.at("limit").get<Address>()},
                request.body.at("address").get<Address>());
  if (physical) return {{{"value", *physical}}};
  return {{{"error", {{"address", physical.error().address}, {"limit", physical.error().limit}}}}};
}

}  // namespace

int main() {
  return dialtone::run_shim(
      {{"fixed", fixed}, {"variable", variable}, {"dispatch", dispatch}, {"translate", reach}});
}
