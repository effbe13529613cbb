#include "framing.hpp"

#include "practice.hpp"
