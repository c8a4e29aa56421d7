// Carry out a Jenkinsfile in which every step only writes down what it was given; one JSON line a file.
import groovy.json.JsonOutput
import org.codehaus.groovy.control.CompilerConfiguration

abstract class Recorder extends Script {
    static List calls = []

    def methodMissing(String name, args) {
        calls << [name, args.findAll { !(it instanceof Closure) }]
        args.findAll { it instanceof Closure }.each { it.delegate = this; it() }
        return "$name(${args.join(', ')})".toString()
    }

    def getProperty(String name) { name in ['binding', 'metaClass'] ? super.getProperty(name) : '$' + name }

    void setProperty(String name, value) {
        if (name in ['binding', 'metaClass']) super.setProperty(name, value) else calls << ['=', [name, value.toString()]]
    }
}

def settings = new CompilerConfiguration(scriptBaseClass: Recorder.name)
def shell = new GroovyShell(this.class.classLoader, new Binding(), settings)
args.each { path ->
    Recorder.calls.clear()
    shell.parse(new File(path).getText('UTF-8')).run()
    println JsonOutput.toJson(Recorder.calls)
}
