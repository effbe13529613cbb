// A network of one's own: nothing in it but loopback, and nobody else.
#pragma once

namespace dialtone {

/// Moves this process (of one thread) into a new network namespace and brings its loopback up;
/// where that needs it, as an ordinary user, into a new user namespace first, in which it is root.
/// Back there is no way: do it in a child, or before an exec. False, and errno, where the machine
/// does not allow it.
bool enter_private_network();

}  // namespace dialtone
