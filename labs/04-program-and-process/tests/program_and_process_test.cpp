#include "program_and_process.hpp"

#include "practice.hpp"
