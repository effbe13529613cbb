// What can go wrong with a call, really produced on a wire of our own; where the machine does not
// allow that, read from the recordings that come with the lab.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "capture/capture_file.hpp"

namespace tracing {

struct Scenario {
  const char* name;  ///< as --scenario takes it
  const char* title_english;
  const char* title_chinese;
  /// What happens, why, how to see it in practice, and where it is written.
  const char* explanation_english;
  const char* explanation_chinese;
  std::uint64_t follow = 1;  ///< the number of the connection that it is about

  /// In the language of the process.
  std::string title() const;
  std::string explanation() const;
};

/// In the order in which they are best looked at.
std::span<const Scenario> scenarios();

/// Null where there is none of that name.
const Scenario* find_scenario(std::string_view name);

/// Where the packets came from.
struct Production {
  bool produced = false;  ///< just now; else they are the recording's
  std::string why_not;    ///< else: the reason, in one line
  std::uint64_t follow = 1;
};

/// Plays a scenario on a wire with 20 ms each way, and gives its packets to the sink as they pass,
/// with their fate in the comment; it takes up to a few seconds. Where the machine does not allow
/// such a wire, the packets are those of the recording, unless the scenario `must_be_produced`:
/// then that throws dialtone::Failure, as does whatever else fails. Throws dialtone::Todo where it
/// stands on an unwritten part of lab 01 or 02. What the sink throws is thrown on.
Production play_scenario(const Scenario& scenario, const PacketSink& sink,
                         bool must_be_produced = false);

/// The recording of that name: a scenario's, or "call-tcp", lab 02's call over loopback.
std::filesystem::path recording_path(std::string_view name);

/// Gives the recording's packets to the sink. Throws dialtone::Failure where it cannot be read.
void play_recording(std::string_view name, const PacketSink& sink);

}  // namespace tracing
