#include "context_switch.hpp"

#include "practice.hpp"
