package io.haredge.standins;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Loads the app's classes again, including their static fields, as a new process does. */
final class AppLoader extends ClassLoader {
    private final Path classes;

    AppLoader(Path classes) {
        super(AppLoader.class.getClassLoader());
        this.classes = classes;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith("io.haredge.demo.")) {
            return super.loadClass(name, resolve);
        }
        Class<?> loaded = findLoadedClass(name);
        if (loaded != null) {
            return loaded;
        }
        try {
            byte[] content = Files.readAllBytes(classes.resolve(name.replace('.', '/') + ".class"));
            return defineClass(name, content, 0, content.length);
        } catch (IOException error) {
            throw new ClassNotFoundException(name, error);
        }
    }
}
