"""Uses tf.io.gfile and tf.gfile for its files."""

import tensorflow as tf

gfile = tf.io.gfile
gfile.makedirs("a/b")
with gfile.GFile("a/one.txt", "w") as file:
    file.write("first\nsecond é\n")
    file.write("third")
with gfile.GFile("a/one.txt") as file:
    print(file.readline(), file.read(3), file.tell() > 0, file.read())
with gfile.GFile("a/one.txt", "rb") as file:
    print(file.read(), file.size())
print([line for line in gfile.GFile("a/one.txt")], gfile.GFile("a/one.txt").readlines())
with gfile.GFile("a/one.txt", mode="a") as file:
    file.write("!")
gfile.copy("a/one.txt", "a/b/two.txt")
gfile.rename("a/b/two.txt", "a/b/three.txt", overwrite=True)
print(sorted(gfile.listdir("a")), gfile.exists("a/b/two.txt"), gfile.isdir(path="a/b"))
print(sorted(gfile.glob("a/*.txt")), sorted(gfile.glob("a/b/*")))
print([(top, sorted(dirs), files) for top, dirs, files in gfile.walk("a")])
print(gfile.stat("a/one.txt").length, gfile.stat("a").is_directory, gfile.join("a", "b"))
for action, kind in (
    (lambda: gfile.copy("a/one.txt", "a/b/three.txt"), tf.errors.AlreadyExistsError),
    (lambda: gfile.remove("a/none"), tf.errors.NotFoundError),
    (lambda: gfile.mkdir("a"), tf.errors.AlreadyExistsError),
    (lambda: gfile.GFile("a/one.txt").write("x"), tf.errors.PermissionDeniedError),
    (lambda: gfile.GFile("new", "w").read(), tf.errors.PermissionDeniedError),
):
    try:
        action()
    except kind as error:
        print(type(error).__name__)
gfile.remove("a/one.txt")
gfile.rmtree("a")
old = tf.compat.v1.gfile
old.MakeDirs("c/d")
old.Open("c/x", "w").close()
print(old.Exists("c/x"), old.IsDirectory("c"), sorted(old.ListDirectory("c")), old.Glob("c/x*"))
old.DeleteRecursively("c")
print(old.Exists("c"))
