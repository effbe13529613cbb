#include "practice.hpp"
#include "socket_basics.hpp"
TEST_CASE("to_wire") { REQUIRE(socket_basics::to_wire(std::uint16_t{1})[1] == std::byte{1}); }
