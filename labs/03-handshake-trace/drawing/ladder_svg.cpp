#include "ladder.hpp"
namespace tracing {
std::string ladder_svg(const Trace&, int) {
  return {};
}
}  // namespace tracing
