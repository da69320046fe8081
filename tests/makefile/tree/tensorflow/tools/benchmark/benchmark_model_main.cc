namespace tensorflow {
int BenchmarkMain(int argc, char** argv);
}  // namespace tensorflow

int main(int argc, char** argv) { return tensorflow::BenchmarkMain(argc, argv); }
