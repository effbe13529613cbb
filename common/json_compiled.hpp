// <nlohmann/json.hpp> whose one type is compiled in json_compiled.cpp rather than in each file. For
// precompiled headers; link dialtone_json.
#pragma once

#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
