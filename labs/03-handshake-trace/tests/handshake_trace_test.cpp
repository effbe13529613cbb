#include "handshake_trace.hpp"

#include "practice.hpp"
