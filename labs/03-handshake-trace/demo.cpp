// handshake-trace: stub.
int main() {
  return 0;
}
