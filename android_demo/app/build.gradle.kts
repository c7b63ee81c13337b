import javax.inject.Inject

plugins {
    id("com.android.application")
}

android {
    namespace = "io.haredge.demo"
    compileSdk = 36

    defaultConfig {
        applicationId = "io.haredge.demo"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

dependencies {
    // 1.x, because 2.0 has no Interpreter for Java.
    implementation("com.google.ai.edge.litert:litert:1.4.1")
}

// The pretrained model and its card, and the same network in float32 for the benchmark. Each build copies them, so that
// the app always has the repository's files. In your own project, set this to the folder that holds them.
val repository = rootDir.parentFile
val models = listOf(
    "runtime/har_runtime/pretrained/anywhere.tflite",
    "runtime/har_runtime/pretrained/anywhere.json",
    "export/anywhere-fp32.tflite",
)

abstract class CopyModels @Inject constructor(private val system: FileSystemOperations) : DefaultTask() {
    @get:InputFiles
    abstract val files: ConfigurableFileCollection

    @get:OutputDirectory
    abstract val folder: DirectoryProperty

    @TaskAction
    fun copy() {
        files.forEach { require(it.isFile) { "$it is missing: copy the model files there, or change the list above" } }
        system.sync {
            from(files)
            into(folder)
        }
    }
}

val copyModels = tasks.register<CopyModels>("copyModels") {
    files.from(models.map { repository.resolve(it) })
}

androidComponents {
    onVariants { variant ->
        variant.sources.assets?.addGeneratedSourceDirectory(copyModels, CopyModels::folder)
    }
}
