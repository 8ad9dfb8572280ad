"""Uses files in the corners, by all three sets of names."""

import tensorflow as tf
from tensorflow.python.lib.io import file_io

with tf.io.gfile.GFile("f", "w") as file:
    print(file.name, file.mode)
    file.write("one\ntwo\n")
    file.flush()
    print(file.size())
with tf.io.gfile.GFile("f") as file:
    file.seek(4)
    print(file.read(), file.seekable())
for mode in ("x", "rt", ""):
    try:
        tf.io.gfile.GFile("f", mode)
        print("a file")
    except tf.errors.InvalidArgumentError:
        print("no such mode")
print("file" in tf.io.gfile.get_registered_schemes())
for overwrite in (False, True):
    try:
        tf.io.gfile.copy("f", ".", overwrite)
    except (tf.errors.AlreadyExistsError, tf.errors.FailedPreconditionError) as error:
        print(type(error).__name__)
tf.io.gfile.mkdir("new")
print(tf.io.gfile.glob(["f*", "n*", "f", "none"]), tf.io.gfile.glob("[f]"))
gfile = tf.compat.v1.gfile
gfile.MkDir("old")
gfile.Copy("f", "old/f")
gfile.Rename("old/f", "old/g")
print(gfile.Stat("old/g").length, [names for _, _, names in gfile.Walk("old")])
gfile.Remove("old/g")
with gfile.FastGFile("f", "rb") as file:
    print(file.read())
file_io.recursive_create_dir("a/b")
file_io.write_string_to_file("a/text", "é")
file_io.write_string_to_file("a/octets", b"\xff")
print(file_io.read_file_to_string("a/text"), file_io.read_file_to_string("a/octets", True))
print(file_io.file_exists("a/b"), file_io.is_directory("a"), sorted(file_io.list_directory("a")))
print(file_io.get_matching_files("a/t*"))
file_io.delete_recursively("a")
print(file_io.file_exists("a"))
