#include "json_compiled.hpp"

template class nlohmann::basic_json<>;
