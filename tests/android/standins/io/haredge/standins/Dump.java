package io.haredge.standins;

import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Prints the declarations of the stand-ins that an app can see, one tab-separated line each. */
final class Dump {
    private Dump() {}

    public static void main(String[] arguments) throws IOException, ClassNotFoundException {
        Path root = Path.of(arguments[0]);
        List<Path> files;
        try (Stream<Path> all = Files.walk(root.resolve("android"))) {
            files = all.filter(path -> path.toString().endsWith(".class")).sorted().collect(Collectors.toList());
        }
        for (Path file : files) {
            String name = root.relativize(file).toString().replace('/', '.').replaceAll("\\.class$", "");
            Class<?> type = Class.forName(name, false, Dump.class.getClassLoader());
            if (isSeen(type.getModifiers(), type) && !type.isAnonymousClass()) {
                print(type);
            }
        }
    }

    private static void print(Class<?> type) {
        String parents = Stream.concat(Stream.ofNullable(type.getSuperclass()), Arrays.stream(type.getInterfaces()))
                .map(Class::getTypeName).collect(Collectors.joining(" "));
        System.out.println("class\t" + type.getName() + "\t" + parents);
        for (Field field : type.getDeclaredFields()) {
            if (isSeen(field.getModifiers(), field)) {
                line("field", type, field.getName(), field.getModifiers(), field.getType(), "");
            }
        }
        for (Constructor<?> made : type.getDeclaredConstructors()) {
            if (isSeen(made.getModifiers(), made)) {
                line("method", type, "__init__", 0, void.class, parameters(made));
            }
        }
        for (Method method : type.getDeclaredMethods()) {
            if (isSeen(method.getModifiers(), method) && !method.isBridge()) {
                int how = method.getModifiers();
                line("method", type, method.getName(), how, method.getReturnType(), parameters(method));
            }
        }
    }

    private static void line(
            String kind, Class<?> type, String name, int modifiers, Class<?> result, String parameters) {
        String how = Modifier.isStatic(modifiers) ? "static" : "instance";
        System.out.println(String.join("\t", kind, type.getName(), name, how, result.getTypeName(), parameters));
    }

    private static String parameters(Executable method) {
        return Arrays.stream(method.getParameterTypes()).map(Class::getTypeName).collect(Collectors.joining(" "));
    }

    private static boolean isSeen(int modifiers, AnnotatedElement element) {
        return (Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers))
                && !element.isAnnotationPresent(Control.class);
    }
}
