// Asio's own functions (ASIO_SEPARATE_COMPILATION), once for all who link dialtone_asio.
#include <asio/impl/src.hpp>
