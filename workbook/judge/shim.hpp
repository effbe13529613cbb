// The small program that carries a student's code: it takes the judge's requests one at a time,
// calls the function asked for, and sends back what came of it. It decides nothing.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "channel.hpp"

namespace dialtone {

/// What a call came to. `body` holds "value" or "error"; the judge knows what it should be.
struct Answer {
  nlohmann::json body = nlohmann::json::object();
  std::string payload{};
  std::vector<int> descriptors{};  ///< sent to the judge; still owned by the shim
};

/// Calls one function of the student's with what the request holds.
using Handler = std::function<Answer(Message&)>;

/// Serves requests on the channel until the judge closes it. The request's "call" names the
/// handler.
int run_shim(const std::map<std::string, Handler>& handlers);

}  // namespace dialtone
