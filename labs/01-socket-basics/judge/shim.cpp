// Carries lab 01's code for the judge. Descriptors that the student's functions return stay here,
// in numbered slots, until the judge asks to drop them.

#include <unistd.h>

#include <cstring>
#include <optional>
#include <span>

#include "socket_answers.hpp"

namespace {

using namespace socket_answers;
using namespace socket_basics;

Answer parse(Message& request) {
  const auto address = parse_address(request.payload);
  return address ? value(fields_of(*address)) : failed(address.error());
}

Answer system_form(Message& request) {
  const auto system = to_system(address_of(request));
  if (!system) return failed(system.error());
  Answer answer = value(nullptr);
  answer.payload.assign(reinterpret_cast<const char*>(&system->storage), system->length);
  return answer;
}

Answer from_system_form(Message& request) {
  SystemAddress system;
  std::memcpy(&system.storage, request.payload.data(), request.payload.size());
  system.length = static_cast<socklen_t>(request.payload.size());
  const auto address = from_system(system);
  return address ? value(fields_of(*address)) : failed(address.error());
}

Answer print(Message& request) {
  return value(to_string(address_of(request)));
}

template <class Number, std::size_t N>
Answer cross_wire(const Message& request) {
  if (request.body.contains("number")) {
    const auto bytes = to_wire(request.body["number"].get<Number>());
    Answer answer = value(nullptr);
    answer.payload.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return answer;
  }
  std::array<std::byte, N> bytes{};
  std::memcpy(bytes.data(), request.payload.data(), N);
  return value(from_wire(std::span<const std::byte, N>(bytes)));
}

Answer wire(Message& request) {
  switch (request.body.at("bits").get<int>()) {
    case 16:
      return cross_wire<std::uint16_t, 2>(request);
    case 32:
      return cross_wire<std::uint32_t, 4>(request);
    default:
      return cross_wire<std::uint64_t, 8>(request);
  }
}

// What "own" left behind, until "disown": the judge looks at /proc in between.
std::map<int, std::optional<Descriptor>> owners;
std::vector<int> released;

/// Plays a list of steps with Descriptors; what is open afterwards, the judge sees from outside.
Answer own(Message& request) {
  std::size_t given = 0;
  for (const json& step : request.body.at("steps")) {
    const auto what = step.at(0).get<std::string>();
    std::optional<Descriptor>& owner = owners[step.at(1).get<int>()];
    if (what == "own") {
      owner.reset();
      int fd = request.descriptors.at(given++).release();
      if (step.size() > 2 && fd != step.at(2).get<int>()) {  // a number of the judge's choice
        ::dup2(fd, step.at(2).get<int>());
        ::close(fd);
        fd = step.at(2).get<int>();
      }
      owner.emplace(fd);
    } else if (what == "construct") {
      std::optional<Descriptor>& source = owners[step.at(2).get<int>()];
      owner.reset();
      owner.emplace(std::move(*source));
    } else if (what == "assign") {
      *owner = std::move(*owners[step.at(2).get<int>()]);
    } else if (what == "release") {
      released.push_back(owner->release());
    } else {
      owner.reset();
    }
  }
  json held = json::object();
  for (const auto& [number, owner] : owners)
    if (owner && *owner) held[std::to_string(number)] = owner->get();
  return value(held);
}

Answer disown(Message&) {
  owners.clear();
  for (const int fd : released) ::close(fd);
  released.clear();
  return value(nullptr);
}

Answer send_bytes(Message& request) {
  const auto bytes = std::as_bytes(std::span(request.payload));
  const auto sent = send_all(socket_of(request), bytes, deadline_of(request));
  return sent ? value(nullptr) : failed(sent.error());
}

Answer receive_bytes(Message& request) {
  std::string buffer(request.body.at("size").get<std::size_t>(), '\0');
  const auto received = receive_exactly(
      socket_of(request), std::as_writable_bytes(std::span(buffer)), deadline_of(request));
  Answer answer = received ? value(nullptr) : failed(received.error());
  answer.payload = std::move(buffer);
  return answer;
}

Answer wait_until_ready(Message& request) {
  const auto direction =
      request.body.at("readable").get<bool>() ? Direction::readable : Direction::writable;
  const auto ready = wait_ready(socket_of(request), direction, deadline_of(request));
  return ready ? value(nullptr) : failed(ready.error());
}

Answer place_call(Message& request) {
  return keep(dial(address_of(request), deadline_of(request)));
}

Answer listen_for_calls(Message& request) {
  return keep(listen_on(address_of(request), request.body.at("backlog").get<int>()));
}

Answer pick_up(Message& request) {
  return keep(answer(socket_of(request), deadline_of(request)));
}

Answer tell_address(Message& request) {
  const bool here = request.body.at("local").get<bool>();
  const auto address = here ? local_address(socket_of(request)) : peer_address(socket_of(request));
  return address ? value(fields_of(*address)) : failed(address.error());
}

}  // namespace

int main() {
  return dialtone::run_shim({{"parse_address", parse},
                             {"to_string", print},
                             {"to_system", system_form},
                             {"from_system", from_system_form},
                             {"wire", wire},
                             {"own", own},
                             {"disown", disown},
                             {"send_all", send_bytes},
                             {"receive_exactly", receive_bytes},
                             {"wait_ready", wait_until_ready},
                             {"dial", place_call},
                             {"listen_on", listen_for_calls},
                             {"answer", pick_up},
                             {"address", tell_address},
                             {"drop", drop}});
}
