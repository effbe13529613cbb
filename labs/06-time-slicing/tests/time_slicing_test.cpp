#include "time_slicing.hpp"

#include "practice.hpp"
