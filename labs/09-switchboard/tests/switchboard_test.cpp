#include "practice.hpp"
