// Stacks, threads by the thousand, and what ends a process, for lab 07's judge.
#pragma once

#include <sys/time.h>

#include <bit>
#include <map>
#include <optional>

#include "context_switch.hpp"
#include "shim_answers.hpp"

namespace shim07 {

using context_switch::Stack;

/// Stacks that stay until the judge drops them, by slot number.
inline std::map<int, std::optional<Stack>> stacks;

inline json place_of(const Stack& stack) {
  return {{"first", reinterpret_cast<std::uintptr_t>(stack.bytes().data())},
          {"size", stack.bytes().size()}};
}

inline Answer make_stack(Message& request) {
  auto made = Stack::make(request.body.at("bytes").get<std::size_t>());
  if (!made) return {{{"error", fields_of(made.error())}}};
  const json place = place_of(*made);
  stacks[request.body.at("slot").get<int>()].emplace(std::move(*made));
  return value(place);
}

/// One that owns nothing is moved, and goes.
inline Answer empty_stack(Message& /*request*/) {
  Stack none;
  const Stack other(std::move(none));
  return value(other.bytes().empty());
}

/// Which of these addresses the stack guards.
inline Answer guarded_addresses(Message& request) {
  const Stack& stack = *stacks.at(request.body.at("slot").get<int>());
  json guarded_ones = json::array();
  for (const json& address : request.body.at("addresses"))
    guarded_ones.push_back(stack.guards(std::bit_cast<const void*>(address.get<std::uintptr_t>())));
  return value(guarded_ones);
}

/// Writes a byte into each page of it, and reads them again.
inline Answer use_stack(Message& request) {
  const auto bytes = stacks.at(request.body.at("slot").get<int>())->bytes();
  for (std::size_t i = 0; i < bytes.size(); i += 4096) bytes[i] = static_cast<std::byte>(i / 4096);
  bytes.back() = std::byte{7};
  bool same = bytes.back() == std::byte{7};
  for (std::size_t i = 0; i < bytes.size(); i += 4096)
    same = same && bytes[i] == static_cast<std::byte>(i / 4096);
  return value(same);
}

/// "destroy", "move" it elsewhere and back, or "replace" it by one of another size.
inline Answer change_stack(Message& request) {
  std::optional<Stack>& stack = stacks.at(request.body.at("slot").get<int>());
  const auto how = request.body.at("how").get<std::string>();
  if (how == "destroy") stack.reset();
  if (how == "move") {
    Stack elsewhere(std::move(*stack));
    Stack further;
    further = std::move(elsewhere);
    stack.emplace(std::move(further));
  }
  if (how == "replace") {
    auto another = Stack::make(request.body.at("bytes").get<std::size_t>());
    if (!another) return {{{"error", fields_of(another.error())}}};
    *stack = std::move(*another);
  }
  return value(stack ? place_of(*stack) : json());
}

/// Stacks that come and go.
inline Answer many_stacks(Message& request) {
  const auto bytes = request.body.at("bytes").get<std::size_t>();
  int failed = 0;
  for (int i = request.body.at("times").get<int>(); i > 0; --i) {
    auto one = Stack::make(bytes);
    if (!one) {
      ++failed;
      continue;
    }
    one->bytes().back() = std::byte{1};
    Stack moved(std::move(*one));
  }
  return value(failed);
}

// --- what ends a process ---

/// Uses up the stack; each frame is less than a page, so that none steps over the guard.
__attribute__((noinline, no_sanitize("address", "undefined"))) inline int go_deeper(int depth) {
  volatile char room[512];
  room[0] = static_cast<char>(depth);
  room[511] = room[0];
  if (depth < 0) return 0;
  return go_deeper(depth + 1) + room[511];
}

/// A thread of a run, and what it does at last: "overflow", "null", "greedy", "sleep" or nothing.
inline void come_to_an_end(Core& core, const json& threads, const std::function<void()>& deed,
                           std::size_t who) {
  const auto body_of = [&deed, who](std::size_t i) {
    return guarded([&deed, who, i] {
      if (i == who) deed();
    });
  };
  const auto first = body_of(0);
  const auto result =
      core.run(threads.at(0).get<std::string>(), guarded([&core, &threads, &body_of, &first] {
                 for (std::size_t i = 1; i < threads.size(); ++i)
                   static_cast<void>(core.spawn(threads.at(i).get<std::string>(), body_of(i)));
                 first();
               }));
  if (!result) ::_exit(5);
}

/// The deed of one thread, in a process of its own where SIGSEGV is handled as is asked: "default",
/// or "mine": exit code 7.
inline Answer end_a_process(Message& request) {
  const json& body = request.body;
  const auto deed_name = body.at("deed").get<std::string>();
  const milliseconds time(body.value("sleep", 0));
  const auto ended = in_child(milliseconds(body.at("milliseconds").get<int>()), [&] {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    if (body.at("before") == "mine") action.sa_handler = [](int) { ::_exit(7); };
    ::sigaction(SIGSEGV, &action, nullptr);
    Core core(options_of(body.at("options")));
    const std::function<void()> deed = [&] {
      if (deed_name == "overflow") ::_exit(go_deeper(0) == 0 ? 8 : 9);
      volatile std::uintptr_t nowhere = 16;
      if (deed_name == "null") *std::bit_cast<volatile int*>(std::uintptr_t{nowhere}) = 1;
      const auto until = Clock::now() + time;
      if (deed_name == "sleep") core.sleep_until(until);
      while (deed_name == "greedy" && Clock::now() < until) {
      }
      while (deed_name == "fair" && Clock::now() < until) core.yield();
    };
    come_to_an_end(core, body.at("threads"), deed, body.at("who").get<std::size_t>());
  });
  return value(fields_of(ended));
}

// --- what a run leaves ---

/// What of a process's signals a run has to give back.
struct Handling {
  struct sigaction fault {};
  struct sigaction turn {};
  stack_t stack{};

  Handling() {
    ::sigaction(SIGSEGV, nullptr, &fault);
    ::sigaction(context_switch::turn_over_signal, nullptr, &turn);
    ::sigaltstack(nullptr, &stack);
  }
};

inline bool same(const struct sigaction& one, const struct sigaction& other) {
  constexpr int restorer = 0x04000000;  // SA_RESTORER, which the C library adds to what it sets
  return one.sa_sigaction == other.sa_sigaction &&
         (one.sa_flags & ~restorer) == (other.sa_flags & ~restorer);
}

inline json kept(const Handling& before, const Handling& after) {
  return {{"fault", same(before.fault, after.fault)},
          {"turn", same(before.turn, after.turn)},
          {"stack", before.stack.ss_sp == after.stack.ss_sp &&
                        before.stack.ss_size == after.stack.ss_size &&
                        before.stack.ss_flags == after.stack.ss_flags}};
}

/// What a core and a channel answer while nothing runs.
inline Answer outside_a_run(Message& /*request*/) {
  Core core;
  context_switch::Channel channel(core, 1);
  const auto named = [](const auto& result) {
    return std::string(result ? "well" : name_of(result.error().kind));
  };
  json answers = json::array();
  answers.push_back(named(core.spawn("nobody", [] {})));
  answers.push_back(named(core.join(0)));
  answers.push_back(
      named(core.wait_ready(0, context_switch::Direction::readable, context_switch::Clock::now())));
  core.yield();
  core.sleep_until(context_switch::Clock::now() + std::chrono::hours(1));
  answers.push_back(core.self());
  answers.push_back(named(channel.receive()));
  answers.push_back(named(channel.send(1)));
  answers.push_back(named(channel.send(2)));
  channel.close();
  answers.push_back(named(channel.send(3)));
  return value(answers);
}

/// A critical section that nobody disturbs, and one within it.
inline Answer empty_sections(Message& /*request*/) {
  const Critical outer;
  const Critical inner;
  return value(true);
}

/// Runs with threads that are spawned and joined, `batch` at a time; each run ends as is asked:
/// "well", "deadlock" or "threw". One core for all of them.
inline Answer many_runs(Message& request) {
  const json& body = request.body;
  const auto ending = body.at("ending").get<std::string>();
  const int threads = body.at("threads").get<int>();
  const int batch = body.at("batch").get<int>();
  const Handling before;
  json signals;
  int finished = 0;
  std::string kind;
  {
    Core core(options_of(body.at("options")));
    context_switch::Channel channel(core, 1);
    std::vector<ThreadId> children;  // nothing is allocated by hand of what may be interrupted
    children.reserve(static_cast<std::size_t>(batch));
    for (int run = body.at("runs").get<int>(); run > 0; --run) {
      const auto result = core.run("first", guarded([&] {
                                     for (int i = 0; i < threads; ++i) {
                                       const auto child = core.spawn("child", guarded([&] {
                                                                       const Critical whole;
                                                                       ++finished;
                                                                     }));
                                       if (child) children.push_back(*child);
                                       if (i % batch != batch - 1) continue;
                                       for (const ThreadId one : children)
                                         static_cast<void>(core.join(one));
                                       children.clear();
                                     }
                                     if (ending == "deadlock") static_cast<void>(channel.receive());
                                     if (ending == "threw") throw std::runtime_error("at the end");
                                   }));
      signals = kept(before, Handling());
      kind = result ? "well" : name_of(result.error().kind);
    }
  }
  return value({{"finished", finished}, {"ending", kind}, {"kept", signals}});
}

}  // namespace shim07
