// What a scenario of lab 03 must show, played or recorded.
#pragma once

#include <vector>

#include "capture/connections.hpp"
#include "capture/session.hpp"
#include "story.hpp"
#include "wire/scenarios.hpp"

namespace tracing {

/// A scenario's outcome: the connection that it is about, and all there were.
struct Shown {
  Trace trace;
  std::vector<Connection> rows;
};

/// Gathers packets, and checks what holds for those of every scenario.
class Gathering {
 public:
  Gathering(dialtone::Story& story, std::uint64_t follow) : story_(story), session_(follow) {}

  PacketSink sink();
  Shown shown();

 private:
  dialtone::Story& story_;
  Session session_;
  std::uint64_t packets_ = 0;
  Nanoseconds last_ = 0;
};

/// Fails the story where the outcome is not what the scenario of that name is about.
void expect_facts(dialtone::Story& story, std::string_view name, const Shown& shown);

}  // namespace tracing
