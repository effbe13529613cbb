// Lab 02's phone call, played on loopback while it is captured.
#pragma once

#include <chrono>
#include <string>

#include "capture.hpp"
#include "phone_call.hpp"

namespace tracing {

struct CallOptions {
  phone_call::Address address{phone_call::Address::Family::ipv4, "127.0.0.1",
                              0};  ///< of the callee, on loopback; port 0: a free one
  std::string say = "我是客户端";
  std::string reply = "我是服务端";
  std::chrono::milliseconds time{10000};  ///< for the whole call
};

struct TracedCall {
  phone_call::Address callee;
  std::string caller_heard;
  std::string callee_heard;
  bool closing_seen = false;  ///< both FINs and their acknowledgements, or a RST
  Drops drops;
};

/// Plays the call, each end in a process of its own, and gives its packets to the sink as they are
/// captured: first the capture runs, then the phones ring. Ends when both ends are done and the
/// closing has been seen, or 2 s after the ends.
/// Throws dialtone::Failure, in one line, where an end fails, also by an unwritten function of lab
/// 02 or by a crash; the processes are gone then, too. Precondition: this process may capture.
TracedCall trace_call(const CallOptions& options, const PacketSink& sink);

}  // namespace tracing
